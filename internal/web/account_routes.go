package web

import "github.com/roundel/roundel/internal/gate"

// accountRoutes are the ways in besides the password, and the pages on which
// people look after their accounts.
func (s *Server) accountRoutes() []route {
	return []route{
		{"GET /sign-in/second", gate.Public, s.stepForm},
		{"POST /sign-in/second", gate.Public, s.step},
		{"GET /sign-in/code", gate.Public, s.codeForm},
		{"POST /sign-in/code", gate.Public, s.codeAsk},
		{"GET /sign-in/code/enter", gate.Public, s.codeEnterForm},
		{"POST /sign-in/code/enter", gate.Public, s.codeEnter},
		{"POST /sign-in/passkey/options", gate.Public, s.passkeyOptions},
		{"POST /sign-in/passkey", gate.Public, s.passkeySignIn},
		{"GET /forgotten", gate.Public, s.forgottenForm},
		{"POST /forgotten", gate.Public, s.forgotten},
		{"GET /register", gate.Public, s.registerAskForm},
		{"POST /register", gate.Public, s.registerAsk},
		{"GET /register/{secret}", gate.Public, s.registerForm},
		{"POST /register/{secret}", gate.Public, s.register},
		{"GET /addresses/{secret}", gate.Public, s.addressVerifyForm},
		{"POST /addresses/{secret}", gate.Public, s.addressVerify},

		{"GET /account", gate.SignedIn, s.accountHome},
		{"POST /account", gate.SignedIn, s.accountRename},
		{"POST /account/addresses", gate.SignedIn, s.addressAdd},
		{"POST /account/addresses/{address}/send", gate.SignedIn, s.addressSend},
		{"POST /account/addresses/{address}/first", gate.SignedIn, s.addressFirst},
		{"POST /account/addresses/{address}/remove", gate.SignedIn, s.addressRemove},
		{"GET /account/confirm", gate.SignedIn, s.confirmForm},
		{"POST /account/confirm", gate.SignedIn, s.confirm},
		{"POST /account/confirm/code", gate.SignedIn, s.confirmCode},
		{"POST /account/confirm/passkey", gate.SignedIn, s.confirmPasskey},
		{"GET /account/security", gate.SignedIn, s.security},
		{"GET /account/password", gate.SignedIn, s.passwordForm},
		{"POST /account/password", gate.SignedIn, s.passwordSave},
		{"GET /account/app", gate.SignedIn, s.appForm},
		{"POST /account/app", gate.SignedIn, s.appConfirm},
		{"POST /account/app/remove", gate.SignedIn, s.appRemove},
		{"POST /account/recovery", gate.SignedIn, s.recoveryNew},
		{"GET /account/passkeys/new", gate.SignedIn, s.passkeyForm},
		{"POST /account/passkeys/options", gate.SignedIn, s.passkeyNewOptions},
		{"POST /account/passkeys/new", gate.SignedIn, s.passkeyCreate},
		{"POST /account/passkeys/{passkey}/name", gate.SignedIn, s.passkeyRename},
		{"POST /account/passkeys/{passkey}/remove", gate.SignedIn, s.passkeyRemove},
		{"POST /account/identities/{identity}/remove", gate.SignedIn, s.identityRemove},
		{"GET /account/sessions", gate.SignedIn, s.sessionList},
		{"POST /account/sessions/{session}/end", gate.SignedIn, s.sessionEnd},
		{"POST /account/sessions/end-others", gate.SignedIn, s.sessionEndOthers},
		{"GET /account/delete", gate.SignedIn, s.deleteForm},
		{"POST /account/delete", gate.SignedIn, s.accountDelete},
	}
}
