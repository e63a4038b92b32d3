// Questions: <details class="confirm"><summary class="btn danger">…</summary>
// <div class="card"><h2>…</h2><form>…</form></div></details>. It opens in place;
// here it opens as a dialog, which keeps the focus and closes by Escape.
for (const d of document.querySelectorAll("details.confirm")) {
  const body = d.querySelector("summary + *")
  const summary = d.querySelector("summary")
  if (!body || !window.HTMLDialogElement) continue
  const dialog = document.createElement("dialog")
  const title = body.querySelector("h2")
  if (title) { title.id ||= "q-" + Math.random().toString(36).slice(2); dialog.setAttribute("aria-labelledby", title.id) }
  dialog.append(body)
  document.body.append(dialog)
  summary.setAttribute("role", "button")
  summary.setAttribute("aria-haspopup", "dialog")
  summary.addEventListener("click", (e) => { e.preventDefault(); dialog.showModal() })
  dialog.addEventListener("click", (e) => { if (e.target === dialog || e.target.closest("[data-close]")) dialog.close() })
  for (const b of dialog.querySelectorAll("[data-close]")) b.hidden = false
  dialog.addEventListener("close", () => summary.focus())
  if (d.open) dialog.showModal() // the server sent it back with a mistake in it
}
