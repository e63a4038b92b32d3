// Copy buttons: <button type="button" hidden data-copy="id-of-the-text" data-done="Copied">.
for (const b of document.querySelectorAll("[data-copy]")) {
  b.hidden = false
  b.addEventListener("click", async () => {
    const from = document.getElementById(b.dataset.copy)
    const text = from.value ?? from.textContent
    try { await navigator.clipboard.writeText(text) } catch {
      // Without the permission or over plain http: select it, so that the keys copy it.
      from.select ? from.select() : getSelection().selectAllChildren(from)
      return
    }
    const label = b.querySelector("span") || b
    b.dataset.label ||= label.textContent
    label.textContent = b.dataset.done
    setTimeout(() => { label.textContent = b.dataset.label }, 2000)
  })
}
