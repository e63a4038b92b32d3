// Live parts of a form: <form data-live="/address">. As the form changes, its
// fields, without files, are posted to the address; the answer holds elements
// whose content replaces that of the elements here with the same ids. Without
// scripts the form has a button of its own for that, marked data-noscript.
for (const form of document.querySelectorAll("form[data-live]")) {
  for (const b of form.querySelectorAll("[data-noscript]")) b.hidden = true
  let timer, running, chosen
  const paint = () => {
    const from = form.elements.from
    const img = document.querySelector("#live-picture img")
    if (chosen && img && from && from.value === "upload") img.src = chosen
  }
  const refresh = async () => {
    running?.abort()
    running = new AbortController()
    const body = new FormData(form)
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name)
    try {
      const answer = await fetch(form.dataset.live, { method: "POST", body, signal: running.signal })
      if (!answer.ok) return
      const page = new DOMParser().parseFromString(await answer.text(), "text/html")
      for (const fresh of page.body.children) {
        const old = document.getElementById(fresh.id)
        if (!old) continue
        // The picture stays until the next one has arrived: no flicker.
        const before = old.querySelector("img"), after = fresh.querySelector("img")
        if (before && after && before.getAttribute("src") !== after.getAttribute("src")) {
          const next = new Image()
          next.src = after.getAttribute("src")
          await next.decode().catch(() => {})
        }
        old.replaceChildren(...fresh.childNodes)
      }
      paint()
    } catch { /* aborted or away: what is shown stays */ }
  }
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(refresh, 200) })
  // A chosen file is shown before it is sent.
  form.querySelector("input[type=file]")?.addEventListener("change", (e) => {
    const file = e.target.files[0]
    if (!file || file.size > 12e6) { chosen = undefined; return }
    const reader = new FileReader()
    reader.addEventListener("load", () => { chosen = reader.result; paint() })
    reader.readAsDataURL(file)
  })
}
// Passwords can be shown while they are typed.
for (const input of document.querySelectorAll("input[type=password]")) {
  const words = document.querySelector("[data-reveal]")?.dataset
  if (!words) continue
  const b = document.createElement("button")
  b.type = "button"
  b.className = "btn sm quiet reveal"
  b.textContent = words.reveal
  b.setAttribute("aria-pressed", "false")
  b.setAttribute("aria-controls", input.id)
  b.addEventListener("click", () => {
    const shown = input.type === "text"
    input.type = shown ? "password" : "text"
    b.textContent = shown ? words.reveal : words.hide
    b.setAttribute("aria-pressed", String(!shown))
  })
  input.form?.addEventListener("submit", () => { input.type = "password" })
  input.after(b)
}
