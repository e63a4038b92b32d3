// Live pictures: <form data-preview="/address" data-target="img-id">. The form's
// fields are posted as they change; the answer is an SVG. Without scripts the
// form has a button of its own for that, marked data-noscript.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const img = document.getElementById(form.dataset.target)
  let timer, running
  const draw = async () => {
    running?.abort()
    running = new AbortController()
    try {
      const body = new FormData(form)
      for (const [name, value] of [...body]) if (value instanceof File) body.delete(name)
      const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: running.signal })
      if (answer.ok) img.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(await answer.text())
    } catch { /* aborted or away: the last picture stays */ }
  }
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(draw, 150) })
  for (const b of form.querySelectorAll("[data-noscript]")) b.hidden = true
}
