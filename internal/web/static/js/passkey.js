// Passkeys: <form data-passkey="get" or "create" data-options="/address" data-failed="words">
// with hidden fields "ceremony" and "response", inside an element that is hidden
// until scripts run. What the address answers goes to the browser; what the
// passkey says goes back with the form.
if (window.PublicKeyCredential) {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0))
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    for (let e = form; e; e = e.parentElement) if (e.hidden) { e.hidden = false; break }
    const failed = form.querySelector("[role=alert]")
    form.addEventListener("submit", async (event) => {
      if (form.elements.response.value) return // the answer is in it: let it go
      event.preventDefault()
      failed.textContent = ""
      try {
        const answer = await fetch(form.dataset.options, { method: "POST" })
        if (answer.redirected) { location.href = answer.url; return }
        const { id, options } = await answer.json()
        options.challenge = bytes(options.challenge)
        for (const c of [...(options.excludeCredentials || []), ...(options.allowCredentials || [])]) c.id = bytes(c.id)
        if (options.user) options.user.id = bytes(options.user.id)
        const made = await navigator.credentials[form.dataset.passkey]({ publicKey: options })
        const r = made.response, out = { id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: made.getClientExtensionResults(), response: { clientDataJSON: text(r.clientDataJSON) } }
        if (made.authenticatorAttachment) out.authenticatorAttachment = made.authenticatorAttachment
        for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (r[part]) out.response[part] = text(r[part])
        if (r.getTransports) out.response.transports = r.getTransports()
        form.elements.ceremony.value = id
        form.elements.response.value = JSON.stringify(out)
        form.submit()
      } catch {
        failed.textContent = form.dataset.failed // refused, timed out, or nothing to choose from
      }
    })
  }
}
