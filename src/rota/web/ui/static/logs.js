// Filter a log as somebody types. Without this the form asks the server.
export function filterLogs() {
  for (const field of document.querySelectorAll("[data-log-filter]")) {
    const apply = () => {
      const wanted = field.value.toLowerCase();
      for (const line of document.querySelectorAll(".log li")) line.hidden = !line.textContent.toLowerCase().includes(wanted);
    };
    if (!field.dataset.ready) { field.dataset.ready = "1"; field.addEventListener("input", apply); }
    if (field.value) apply();
  }
}
