// Covers the page at once; what was typed stays underneath. Only the button brings it back, Escape does not.
export function hideScreen(scope) {
  const button = scope.querySelector("[data-hide-screen]");
  const cover = scope.querySelector("dialog.app-cover");
  if (!button || !cover?.showModal) return;
  button.hidden = false;
  const title = document.title;
  button.addEventListener("click", () => {
    cover.showModal();
    document.title = cover.dataset.title;
  });
  cover.addEventListener("keydown", (event) => event.key === "Escape" && event.preventDefault());
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.addEventListener("close", () => {
    document.title = title;
    button.focus();
  });
  cover.querySelector("button").addEventListener("click", () => cover.close());
}
