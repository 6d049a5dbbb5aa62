// Light, dark, or what the system says.
import { store } from "./stored.js";

const root = document.documentElement;

export function themeButton() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const show = () => { button.textContent = dark() ? "Light" : "Dark"; button.title = `Change to ${dark() ? "light" : "dark"} colours`; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store("rota-theme", root.dataset.theme);
    show();
  });
  show();
}
