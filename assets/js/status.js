// The one line that says whether what was typed is safe. Words first; the colour only repeats them.
const OFFLINE = "No connection. Kept on this screen: do not close it. We will send it when you are back online.";

export function statusLine(form) {
  const id = form.getAttribute("id") || "";
  const line = form.querySelector("[data-save-status]") || document.querySelector(`[data-save-status="${id}"]`)
    || document.querySelector('[data-save-status=""]');
  return (state, words) => {
    if (!line) return;
    const text = words || (state === "offline" ? line.dataset.offlineText || OFFLINE : "");
    if (line.dataset.state === state && line.textContent === text) return;
    line.dataset.state = state;
    line.textContent = text;
  };
}

export function clockWords(date = new Date()) {
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Europe/London" });
}

// 2, 4, 8 … at most 30 seconds between attempts.
export function pause(attempt) {
  return Math.min(2 ** attempt, 30) * 1000;
}
