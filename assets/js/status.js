// The one line that says whether what was typed is safe. Words first; the colour only repeats them.
const OFFLINE = "No connection. Kept on this screen: do not close it. We will send it when you are back online.";

// A form has its own line, beside its buttons; the bar at the top of the page may repeat it.
export function statusLine(form) {
  const id = form.getAttribute("id") || "";
  const lines = [
    ...form.querySelectorAll("[data-save-status]"),
    ...document.querySelectorAll(`.app-identity [data-save-status="${id}"], .app-identity [data-save-status=""]`),
  ];
  // Said aloud once, however often it stands on the page.
  lines.slice(1).forEach((line) => line.removeAttribute("role"));
  return (state, words) => {
    const text = words || (state === "offline" ? OFFLINE : "");
    lines.forEach((line) => {
      if (line.dataset.state === state && line.textContent === text) return;
      line.dataset.state = state;
      line.textContent = text;
    });
  };
}

export function clockWords(date = new Date()) {
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Europe/London" });
}

// 2, 4, 8 … at most 30 seconds between attempts.
export function pause(attempt) {
  return Math.min(2 ** attempt, 30) * 1000;
}
