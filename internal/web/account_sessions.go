package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/account"
)

// sessionsPage lists where the person is signed in.
type sessionsPage struct {
	accountPage
	Sessions []sessionRow
	Others   int // besides this one
}

// sessionRow is one place in the list.
type sessionRow struct {
	Device        string
	How           string
	Started, Seen time.Time
	Current, Two  bool
	End           string // address to end it at
}

// sessionList answers GET /account/sessions.
func (s *Server) sessionList(w http.ResponseWriter, r *http.Request) error {
	me, t := signedIn(r), s.texts(r)
	list, err := s.Accounts.Sessions(r.Context(), me.ID)
	if err != nil {
		return err
	}
	p := &sessionsPage{accountPage: s.ownAccount(r, accountSessions, "sessions.title")}
	for _, x := range list {
		row := sessionRow{Device: deviceName(x.UserAgent), Started: x.StartedAt, Seen: x.LastSeenAt, Current: x.Handle == me.Handle,
			Two: x.Assurance >= account.TwoFactors, End: "/account/sessions/" + x.Handle.String() + "/end"}
		if row.Device == "" {
			row.Device = t.T("sessions.unknown", nil)
		}
		row.How = t.T("sessions.by.other", nil)
		switch x.Method {
		case account.ByPassword, account.ByMail, account.ByPasskey, account.ByRegistration:
			row.How = t.T("sessions.by."+x.Method, nil)
		}
		if !row.Current {
			p.Others++
		}
		p.Sessions = append(p.Sessions, row)
	}
	return s.show(w, r, "console/account-sessions.html", p)
}

// sessionEnd answers POST /account/sessions/{session}/end.
func (s *Server) sessionEnd(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "session")
	if err != nil {
		return err
	}
	if err := s.Accounts.EndSession(r.Context(), signedIn(r), id); err != nil {
		return err
	}
	return s.done(w, r, "/account/sessions", "good", "session_ended")
}

// sessionEndOthers answers POST /account/sessions/end-others.
func (s *Server) sessionEndOthers(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.EndOtherSessions(r.Context(), signedIn(r)); err != nil {
		return err
	}
	return s.done(w, r, "/account/sessions", "good", "sessions_ended")
}

// deviceName tells in a few words which browser on which system calls itself
// so; "" when it does not say. The first that fits counts: most browsers also
// claim to be the older ones below.
func deviceName(userAgent string) string {
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(userAgent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := first("Edg", "Edge", "OPR/", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox", "Firefox", "FxiOS", "Firefox",
		"Chrome", "Chrome", "CriOS", "Chrome", "Chromium", "Chrome", "Safari", "Safari", "curl", "curl", "Go-http", "Go")
	system := first("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	if browser != "" && system != "" {
		return browser + ", " + system
	}
	return browser + system
}
