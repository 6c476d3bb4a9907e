// Ctrl and Enter presses the first button of a form marked data-ctrl-enter. No shortcuts of a single key.
export function ctrlEnter(scope) {
  scope.querySelectorAll("form[data-ctrl-enter]").forEach((form) => {
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
      event.preventDefault();
      form.querySelector("button[type=submit], button:not([type])")?.click();
    });
  });
}

export function printButtons(scope) {
  scope.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
}
