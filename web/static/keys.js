/* Keys for people who work through lists: an element with data-key answers to that key. Everything works without it. */
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=radio]), textarea, select, button, a, summary, video")) return;
  const element = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  if (!element) return;
  event.preventDefault();
  if (element instanceof HTMLFormElement) element.requestSubmit();
  else if (element.matches("input[type=search], input[type=text]")) element.focus();
  else element.click();
});
