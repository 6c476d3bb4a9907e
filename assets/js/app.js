// Everything here is an extra: each page works without it.
import { createAll } from "govuk-frontend/dist/govuk/init.mjs";
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { CharacterCount } from "govuk-frontend/dist/govuk/components/character-count/character-count.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";

import { keepDrafts } from "./draft.js";
import { hideScreen } from "./hide.js";
import { ctrlEnter, printButtons } from "./keys.js";
import { readBack } from "./readback.js";
import { resend } from "./resend.js";
import { sessionClock } from "./session.js";

export function start() {
  document.body.classList.add("js-enabled", "govuk-frontend-supported");
  for (const component of [Button, CharacterCount, ErrorSummary]) {
    createAll(component, undefined, document.body);
  }
  readBack(document.body);
  keepDrafts(document.body);
  resend(document.body, start);
  ctrlEnter(document.body);
  printButtons(document.body);
  hideScreen(document.body);
  sessionClock(document.body);
}

start();
