// Filters of tables that are wholly in the page: <input data-filter="table-id">
// inside an element that is hidden until scripts run.
for (const input of document.querySelectorAll("[data-filter]")) {
  const table = document.getElementById(input.dataset.filter)
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLocaleLowerCase()])
  const none = document.getElementById(input.dataset.none || "")
  for (let e = input; e; e = e.parentElement) if (e.hidden) { e.hidden = false; break }
  input.addEventListener("input", () => {
    const words = input.value.toLocaleLowerCase().split(/\s+/)
    let shown = 0
    for (const [row, text] of rows) {
      row.hidden = !words.every((w) => text.includes(w))
      shown += row.hidden ? 0 : 1
    }
    if (none) none.hidden = shown > 0
  })
}
