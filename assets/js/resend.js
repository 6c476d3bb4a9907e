// A form marked data-resend survives a lost connection: the same post, with the same one-time token, is sent
// again until the server has answered, so the server makes one record of it and nothing typed is lost.
import { pause, statusLine } from "./status.js";

export function resend(scope, start) {
  scope.querySelectorAll("form[data-resend]").forEach((form) => {
    let busy = false;
    form.addEventListener("submit", async (event) => {
      if (event.defaultPrevented || form.querySelector("input[type=file]")) return;
      if (event.submitter?.hasAttribute("formaction")) return; // goes elsewhere: nothing of it is recorded
      event.preventDefault();
      if (busy) return;
      busy = true;
      const answer = await sendUntilAnswered(form, event.submitter, statusLine(form));
      busy = false;
      await show(answer, start);
    });
  });
}

async function sendUntilAnswered(form, button, say) {
  for (let attempt = 1; ; attempt += 1) {
    // Read afresh each time: what was typed while there was no connection goes with it.
    const data = new FormData(form);
    if (button?.name) data.append(button.name, button.value);
    const body = new URLSearchParams(data).toString();
    say("waiting", "Sending");
    try {
      const answer = await fetch(form.getAttribute("action") || location.href, {
        method: "POST",
        body,
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      if (![502, 503, 504].includes(answer.status)) return answer;
      say("offline", "We could not save. Your text is still on this screen. We will try again.");
    } catch {
      say("offline");
    }
    await backOnline(pause(attempt));
  }
}

function backOnline(wait) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, wait);
    window.addEventListener("online", done);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
  });
}

// The answer takes the place of the page, so that it is fetched only once (its success message is shown only once).
async function show(answer, start) {
  if (!answer.headers.get("Content-Type")?.startsWith("text/html")) {
    location.assign(answer.url);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.redirected) {
    history.pushState(null, "", answer.url);
    window.addEventListener("popstate", () => location.reload(), { once: true });
  }
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  window.scrollTo(0, 0);
  start();
  if (!document.querySelector(".govuk-error-summary")) document.getElementById("main-content")?.focus();
}
