// The sentence that is read back, kept true to what is ticked and typed.
// <p data-readback data-template="…from the decision {decision}. You say {view}." data-empty-decision="(choose a decision)">
// Words for a choice: its data-say, else its label.
export function readBack(scope) {
  scope.querySelectorAll("[data-readback]").forEach((place) => {
    const form = place.closest("form");
    const template = place.dataset.template;
    if (!form || !template) return;
    const write = () => {
      const text = template.replace(/\{([\w-]+)\}/g, (_, name) => spoken(form, name) || emptyWords(place, name));
      if (place.textContent !== text) place.textContent = text;
    };
    form.addEventListener("input", write);
    form.addEventListener("change", write);
    write();
  });
}

function spoken(form, name) {
  const words = [...form.elements]
    .filter((control) => control.name === name && control.type !== "hidden")
    .flatMap((control) => {
      if (control.type === "radio" || control.type === "checkbox") return control.checked ? [say(control)] : [];
      if (control.tagName === "SELECT") return [...control.selectedOptions].filter((o) => o.value).map((o) => o.dataset.say || o.text);
      return [control.value.trim().replace(/\.$/, "")];
    })
    .filter(Boolean);
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

function say(control) {
  return control.dataset.say || control.labels?.[0]?.textContent.trim() || "";
}

function emptyWords(place, name) {
  return place.getAttribute(`data-empty-${name.replace(/_/g, "-")}`) || "…";
}
