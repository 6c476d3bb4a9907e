// Warns five minutes before a session ends. The button or Escape goes on; otherwise the draft is kept and the page to
// sign in is opened, which leads back here. The server is asked first: another window may have been used meanwhile.
const WARN = 300;
let timer = 0;

export function sessionClock(scope) {
  clearTimeout(timer);
  const dialog = scope.querySelector("dialog.app-session");
  if (!dialog?.showModal) return;
  const words = dialog.querySelector("[data-session-words]");
  const button = dialog.querySelector("button");
  let endsAt = Date.now() + Number(dialog.dataset.left) * 1000;

  const left = () => Math.round((endsAt - Date.now()) / 1000);
  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(1, Math.min(seconds, 3600)) * 1000);
  };

  async function ask(method) {
    const answer = await fetch(dialog.dataset.url, {
      method,
      headers: { "X-CSRFToken": dialog.dataset.csrf },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    endsAt = Date.now() + found.left * 1000;
    return found;
  }

  async function look() {
    if (left() > WARN && !dialog.open) return later(left() - WARN);
    try {
      const found = await ask("GET");
      if (found.left <= 0) return leave();
      if (found.left > WARN) {
        dialog.close();
        return later(found.left - WARN);
      }
      warn(found);
      later(Math.min(found.left, 30));
    } catch {
      later(30); // No connection: what is typed stays here.
    }
  }

  function warn(found) {
    if (dialog.open) return;
    const last = found.whole <= found.left;
    const at = new Date(endsAt).toLocaleTimeString("en-GB", { hour: "numeric", minute: "2-digit", hour12: true, timeZone: "Europe/London" });
    words.textContent = `${last ? dialog.dataset.last : dialog.dataset.idle}`.replace("{time}", at.replace(" ", "").replace(":00", ""));
    button.hidden = last;
    dialog.showModal();
  }

  async function goOn() {
    dialog.close();
    try {
      const found = await ask("POST");
      if (found.left <= 0) return leave();
    } catch {
      // Asked again in a moment.
    }
    later(left() - WARN);
  }

  function leave() {
    location.assign(dialog.dataset.signIn);
  }

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    goOn();
  });
  button.addEventListener("click", goOn);
  // A window that slept wakes with the time it is.
  document.addEventListener("visibilitychange", () => !document.hidden && dialog.isConnected && look());
  later(left() - WARN);
}
