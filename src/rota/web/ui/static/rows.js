// Select all rows of a table, and say how many are selected.
export function selectRows() {
  for (const all of document.querySelectorAll("[data-select-all]")) {
    all.hidden = false;
    const form = all.closest("form");
    if (!form || form.dataset.ready) continue;
    form.dataset.ready = "1";
    form.addEventListener("change", (event) => {
      const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
      if (event.target === all) for (const box of boxes) box.checked = all.checked;
      const count = boxes.filter((box) => box.checked).length;
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
      const shown = form.querySelector("[data-selected]");
      if (shown) shown.textContent = count ? `${count} selected` : "";
    });
  }
}
