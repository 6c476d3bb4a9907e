// Covers the page at once, by the button or F9; what was typed stays underneath. Only the button brings it back.
let press = null;

document.addEventListener("keydown", (event) => {
  if (event.key !== "F9" || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !press) return;
  event.preventDefault();
  press();
});

export function hideScreen(scope) {
  const button = scope.querySelector("[data-hide-screen]");
  const cover = scope.querySelector("dialog.app-cover");
  if (!button || !cover?.showModal) return;
  button.hidden = false;
  const title = document.title;
  press = () => {
    if (cover.open) return;
    cover.showModal();
    document.title = cover.dataset.title;
  };
  button.addEventListener("click", press);
  cover.addEventListener("keydown", (event) => event.key === "Escape" && event.preventDefault());
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.addEventListener("close", () => {
    document.title = title;
    button.focus();
  });
  cover.querySelector("button").addEventListener("click", () => cover.close());
}
