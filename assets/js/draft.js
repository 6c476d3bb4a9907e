// Saves a draft five seconds after typing stops, when a field is left and when the page is put away.
// The text lives on this screen and on the server, never in the browser's storage.
import { clockWords, pause, statusLine } from "./status.js";

const QUIET = 5000;

export function keepDrafts(scope) {
  scope.querySelectorAll("form[data-draft-url]").forEach((form) => new Draft(form));
}

class Draft {
  constructor(form) {
    this.form = form;
    this.say = statusLine(form);
    this.saved = this.words();
    this.attempt = 0;
    this.timer = 0;
    this.busy = false;
    form.addEventListener("input", () => this.later(QUIET));
    form.addEventListener("change", () => this.later(QUIET));
    form.addEventListener("focusout", () => this.save());
    form.addEventListener("submit", () => this.stop());
    window.addEventListener("online", () => this.save());
    window.addEventListener("pagehide", () => this.save(true));
  }

  words() {
    const data = new FormData(this.form);
    for (const name of [...data.keys()]) if (/^csrfmiddlewaretoken$|(^|-)token$/.test(name)) data.delete(name);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    return new URLSearchParams(data).toString();
  }

  // Says which sending it is a draft of: one that arrives after that was sent is not kept.
  withToken(words) {
    const token = this.form.elements.token?.value || this.form.querySelector("[name$='-token']")?.value || "";
    return `${words}&token=${encodeURIComponent(token)}`;
  }

  later(wait) {
    this.stopped = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  stop() {
    // A draft still on its way must not arrive after what it was a draft of.
    this.stopped = true;
    this.flight?.abort();
    clearTimeout(this.timer);
  }

  async save(leaving = false) {
    if (this.stopped || (this.busy && !leaving) || !this.form.isConnected) return;
    const words = this.words();
    if (words === this.saved) return;
    clearTimeout(this.timer);
    this.busy = true;
    let retry = 0;
    this.flight = new AbortController();
    try {
      const answer = await fetch(this.form.dataset.draftUrl, {
        method: "POST",
        body: this.withToken(words),
        keepalive: leaving,
        redirect: "manual",
        signal: this.flight.signal,
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          "X-CSRFToken": this.form.elements.csrfmiddlewaretoken?.value || "",
          "X-Requested-With": "fetch",
        },
      });
      if (answer.ok) {
        this.saved = words;
        this.attempt = 0;
        if (!this.stopped) this.say("saved", `${this.form.dataset.draftWord || "Saved"} ${clockWords()}`);
        if (this.words() !== words) retry = QUIET;
      } else if (answer.status >= 500 || answer.status === 429) {
        retry = pause(++this.attempt);
        this.say("offline", "We could not save. Your text is still on this screen. We will try again.");
      } else {
        // Signed out, or no longer allowed: trying again would change nothing. The next word typed asks afresh.
        this.say("refused", "The draft is not being saved. You may have been signed out: sign in again in another tab, then go on here.");
      }
    } catch {
      if (!this.stopped) {
        retry = pause(++this.attempt);
        this.say("offline");
      }
    }
    this.busy = false;
    if (retry && !this.stopped) this.later(retry);
  }
}
