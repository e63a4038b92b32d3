// Package config holds the settings of an installation. The comments of its
// fields are their manual; flags win over the environment, and the environment
// over the file.
package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// Config is everything that can be set. Every field has a good zero value or
// default. Secrets are never given here but as paths of files that hold them.
type Config struct {
	Listen  string `default:"127.0.0.1:8080" env:"ROUNDEL_LISTEN" placeholder:"HOST:PORT" help:"Where to listen. Port 0 takes a free one."`
	Data    string `default:"./data" env:"ROUNDEL_DATA" type:"path" placeholder:"DIR" help:"Folder for the database, pictures and the key file."`
	BaseURL string `env:"ROUNDEL_BASE_URL" placeholder:"URL" help:"The public address that all documents carry, for example https://badges.example.org. Without it, the listening address is used and awards are trials."`

	Database             string `env:"ROUNDEL_DATABASE" placeholder:"URL" help:"postgres://… to use PostgreSQL. By default an SQLite file in the data folder."`
	DatabaseOwner        string `env:"ROUNDEL_DATABASE_OWNER" placeholder:"URL" help:"postgres://… as the role that owns the tables; used for migrating only. Without it, the role of --database migrates, and takes on a restricted role to serve."`
	DatabaseWithoutWalls bool   `env:"ROUNDEL_DATABASE_WITHOUT_WALLS" help:"Serve even where PostgreSQL's row-level security cannot keep organisations apart as a second wall."`
	Blobs                string `env:"ROUNDEL_BLOBS" placeholder:"ADDRESS" help:"Where pictures and files are kept: a folder, or s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION. By default blobs in the data folder. The credentials of S3 are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the file that AWS_SHARED_CREDENTIALS_FILE names."`

	Journal string `env:"ROUNDEL_JOURNAL" type:"path" placeholder:"DIR" help:"Folder of the journal that a restored backup needs: what was withdrawn and who was erased since. By default journal in the data folder; another disk is better."`

	TLSCert string `name:"tls-cert" env:"ROUNDEL_TLS_CERT" type:"path" placeholder:"FILE" help:"Certificate chain (PEM), to serve https without a proxy in front."`
	TLSKey  string `name:"tls-key" env:"ROUNDEL_TLS_KEY" type:"path" placeholder:"FILE" help:"Private key (PEM) of the certificate. Both files are read again when they change."`

	ACMEDomain     string `name:"acme-domain" env:"ROUNDEL_ACME_DOMAIN" placeholder:"HOST,…" help:"Get and renew certificates for these hosts by ACME, for example from Let's Encrypt. Using it accepts the authority's terms."`
	ACMEEmail      string `name:"acme-email" env:"ROUNDEL_ACME_EMAIL" placeholder:"ADDRESS" help:"Where the certificate authority may write to."`
	ACMEDirectory  string `name:"acme-directory" env:"ROUNDEL_ACME_DIRECTORY" placeholder:"URL" help:"Directory of another certificate authority. By default Let's Encrypt."`
	ACMECA         string `name:"acme-ca" env:"ROUNDEL_ACME_CA" type:"path" placeholder:"FILE" help:"Certificates (PEM) to trust when talking to that authority, for one inside your own network."`
	RedirectListen string `name:"redirect-listen" env:"ROUNDEL_REDIRECT_LISTEN" placeholder:"HOST:PORT" help:"Also listen here, usually on port 80, to send browsers to https and to answer ACME's questions."`

	TrustedProxies string        `name:"trusted-proxies" env:"ROUNDEL_TRUSTED_PROXIES" placeholder:"ADDRESS,…" help:"Addresses or networks of the reverse proxies in front. Only from them are X-Forwarded-For and X-Request-Id believed. By default addresses of this machine; \"none\" believes nobody."`
	StopTimeout    time.Duration `default:"15s" env:"ROUNDEL_STOP_TIMEOUT" placeholder:"DURATION" help:"How long stopping waits for requests and jobs that are under way."`
	StopDelay      time.Duration `default:"0s" env:"ROUNDEL_STOP_DELAY" placeholder:"DURATION" help:"How long /readyz says no before the server stops listening, so that a load balancer notices."`

	KeyFile        string `env:"ROUNDEL_KEY_FILE" type:"path" placeholder:"FILE" help:"Key-encryption key that opens the signing keys. By default key-encryption-key in the data folder, made on the first start. Back it up apart from the data."`
	PassphraseFile string `env:"ROUNDEL_PASSPHRASE_FILE" type:"path" placeholder:"FILE" help:"Derive the key-encryption key from the passphrase in this file instead."`
	Signer         string `env:"ROUNDEL_SIGNER" placeholder:"unix:PATH" help:"Have roundel signer sign, which listens there. This process then never has the key-encryption key."`

	SMTPAddr         string `name:"smtp" env:"ROUNDEL_SMTP" placeholder:"HOST:PORT" help:"Mail server. Without it, mails wait in the outbox that the console shows."`
	SMTPUser         string `name:"smtp-user" env:"ROUNDEL_SMTP_USER" help:"User name at the mail server."`
	SMTPPasswordFile string `name:"smtp-password-file" env:"ROUNDEL_SMTP_PASSWORD_FILE" type:"path" placeholder:"FILE" help:"File with the password at the mail server."`
	MailFrom         string `env:"ROUNDEL_MAIL_FROM" placeholder:"ADDRESS" help:"Address that mails are sent from."`
	Name             string `default:"Roundel" env:"ROUNDEL_NAME" help:"What this installation is called in its pages and mails."`

	Registration string `default:"invited" enum:"open,invited,closed" env:"ROUNDEL_REGISTRATION" help:"Who may make an account: open (whoever can read mail at the address they enter), invited (who was invited to an organisation), or closed (nobody; make accounts with: roundel user create)."`

	Development bool   `env:"ROUNDEL_DEVELOPMENT" help:"For development only: /styleguide, and outbound requests may reach this machine."`
	VCAPIOpen   bool   `name:"vc-api-open" env:"ROUNDEL_VC_API_OPEN" help:"For development only: /vc signs and verifies without a token for whoever asks from this machine. Needs --development, and an address of this machine."`
	ExtraCA     string `name:"extra-ca" env:"ROUNDEL_EXTRA_CA" type:"path" placeholder:"FILE" help:"Certificates (PEM) to trust, beside the system's, when fetching other issuers' documents."`
	LogLevel    string `default:"info" enum:"debug,info,warn,error" env:"ROUNDEL_LOG_LEVEL" help:"How much to log: debug, info, warn or error."`
	LogFormat   string `default:"text" enum:"text,json" env:"ROUNDEL_LOG_FORMAT" help:"How to write the log: text or json."`
	AccessLog   bool   `default:"true" negatable:"" env:"ROUNDEL_ACCESS_LOG" help:"Log every request, by route and without personal data."`

	RateToken   float64       `default:"2000" env:"ROUNDEL_RATE_TOKEN" placeholder:"N" help:"Requests a second of one API token, on each node; 0 is no limit. What is above is answered 429."`
	RatePerson  float64       `default:"50" env:"ROUNDEL_RATE_PERSON" placeholder:"N" help:"Requests a second of one person who is signed in; 0 is no limit."`
	RateAddress float64       `default:"200" env:"ROUNDEL_RATE_ADDRESS" placeholder:"N" help:"Pages a second that one network address may look at. A tenth of it may be forms and files that are sent, and tokens that are not in force. 0 is no limit."`
	MaxRequests int           `default:"256" env:"ROUNDEL_MAX_REQUESTS" placeholder:"N" help:"Requests that are worked on at the same time; twice as many wait for their turn, and the rest is answered 503. 0 is no limit."`
	MaxWait     time.Duration `default:"500ms" env:"ROUNDEL_MAX_WAIT" placeholder:"DURATION" help:"How long a request may wait for its turn before it is answered 503."`

	MetricsListen  string `name:"metrics" env:"ROUNDEL_METRICS" placeholder:"HOST:PORT" help:"Listen here for Prometheus, at /metrics. By default nowhere. Keep it away from the public."`
	OTLPEndpoint   string `name:"otlp-endpoint" env:"ROUNDEL_OTLP_ENDPOINT" placeholder:"URL" help:"Send traces to this OpenTelemetry collector by OTLP over HTTP, for example http://127.0.0.1:4318."`
	MailAddresses  int    `name:"mail-addresses" default:"365" env:"ROUNDEL_MAIL_ADDRESSES" placeholder:"DAYS" help:"How many days sent mails keep the address that they went to. 0 keeps it for good."`
	AuditAddresses int    `name:"audit-addresses" default:"180" env:"ROUNDEL_AUDIT_ADDRESSES" placeholder:"DAYS" help:"How many days the audit log keeps network addresses. 0 keeps them for good."`
}

// Check returns an error that says which settings do not fit together.
func (c *Config) Check() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("--listen %q is not HOST:PORT, for example 127.0.0.1:8080", c.Listen)
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return fmt.Errorf("--base-url %q must be https://HOST or http://HOST:PORT, with nothing behind it", c.BaseURL)
		}
		c.BaseURL = u.Scheme + "://" + strings.ToLower(u.Host)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key go together")
	}
	if err := c.checkServing(); err != nil {
		return err
	}
	if err := c.checkOpen(); err != nil {
		return err
	}
	if c.Signer != "" && (c.KeyFile != "" || c.PassphraseFile != "") {
		return fmt.Errorf("with --signer, --key-file and --passphrase-file are for roundel signer")
	}
	if c.KeyFile != "" && c.PassphraseFile != "" {
		return fmt.Errorf("choose one of --key-file and --passphrase-file")
	}
	if c.Database != "" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		return fmt.Errorf("--database must begin with postgres://; without it the data folder is used")
	}
	if c.DatabaseOwner != "" && c.Database == "" {
		return fmt.Errorf("--database-owner goes with --database")
	}
	if c.SMTPAddr != "" && c.MailFrom == "" {
		return fmt.Errorf("--smtp needs --mail-from, the address that mails are sent from")
	}
	return nil
}

// checkOpen refuses an interface without tokens wherever others could reach it.
// A proxy in front gives a server on this machine a public address; so both
// must be of this machine.
func (c *Config) checkOpen() error {
	if !c.VCAPIOpen {
		return nil
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	public := host
	if u, err := url.Parse(c.BaseURL); err == nil && c.BaseURL != "" {
		public = u.Hostname()
	}
	switch {
	case !c.Development:
		return fmt.Errorf("--vc-api-open signs for anybody and is for development only: it needs --development")
	case !ownHost(host) || !ownHost(public):
		return fmt.Errorf("--vc-api-open signs for anybody: --listen and --base-url must be addresses of this machine, such as 127.0.0.1 or localhost")
	}
	return nil
}

// checkServing checks how requests come in and what is told of them.
func (c *Config) checkServing() error {
	for _, l := range []struct{ flag, address string }{{"--redirect-listen", c.RedirectListen}, {"--metrics", c.MetricsListen}} {
		if _, _, err := net.SplitHostPort(l.address); err != nil && l.address != "" {
			return fmt.Errorf("%s %q is not HOST:PORT, for example 127.0.0.1:9090", l.flag, l.address)
		}
	}
	if c.ACMEDomain != "" && c.TLSCert != "" {
		return fmt.Errorf("choose one of --acme-domain and --tls-cert")
	}
	if c.ACMEDomain == "" && (c.ACMEEmail != "" || c.ACMEDirectory != "" || c.ACMECA != "") {
		return fmt.Errorf("--acme-email, --acme-directory and --acme-ca need --acme-domain")
	}
	if u, err := url.Parse(c.OTLPEndpoint); c.OTLPEndpoint != "" && (err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "") {
		return fmt.Errorf("--otlp-endpoint %q must be http://HOST:PORT or https://HOST", c.OTLPEndpoint)
	}
	if c.AuditAddresses < 0 || c.MailAddresses < 0 || c.StopTimeout < 0 || c.StopDelay < 0 {
		return fmt.Errorf("--audit-addresses, --mail-addresses, --stop-timeout and --stop-delay must not be negative")
	}
	_, err := c.Proxies()
	return err
}

// Proxies returns the networks whose word about a client is believed.
func (c *Config) Proxies() (all []netip.Prefix, err error) {
	switch c.TrustedProxies {
	case "":
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil
	case "none":
		return nil, nil
	}
	for _, text := range strings.Split(c.TrustedProxies, ",") {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if a, alone := netip.ParseAddr(text); alone == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxies: %q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// ownHost reports whether host names this machine and can be reached from
// nowhere else.
func ownHost(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// DatabaseURL returns where the data is.
func (c *Config) DatabaseURL() string {
	if c.Database != "" {
		return c.Database
	}
	return "sqlite:" + filepath.Join(c.Data, "roundel.db")
}

// BlobsAddress returns where pictures and files are.
func (c *Config) BlobsAddress() string {
	if c.Blobs != "" {
		return c.Blobs
	}
	return filepath.Join(c.Data, "blobs")
}

// JournalPath returns the folder of the journal beside the backups.
func (c *Config) JournalPath() string {
	if c.Journal != "" {
		return c.Journal
	}
	return filepath.Join(c.Data, "journal")
}

// KeyPath returns the file of the key-encryption key.
func (c *Config) KeyPath() string {
	if c.KeyFile != "" {
		return c.KeyFile
	}
	return filepath.Join(c.Data, "key-encryption-key")
}

// Lines returns every setting as "ROUNDEL_NAME=value", the form in which the
// environment takes them. Secrets inside addresses are hidden.
func (c *Config) Lines() []string {
	var lines []string
	v := reflect.ValueOf(*c)
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("env")
		value := fmt.Sprint(v.Field(i).Interface())
		if strings.Contains(value, "://") {
			value = withoutSecrets(value)
		}
		lines = append(lines, name+"="+value)
	}
	return lines
}

// withoutSecrets hides the password before the host of an address, and whatever
// its query calls one. What cannot be read as an address is hidden whole after
// the scheme: nobody knows where the password is.
func withoutSecrets(address string) string {
	const hidden = "xxxxx"
	u, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, "://")
		return scheme + "://" + hidden
	}
	parts := strings.Split(u.RawQuery, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if plain = strings.ToLower(plain); err != nil || strings.Contains(plain, "password") || strings.Contains(plain, "secret") || strings.Contains(plain, "token") {
			parts[i] = name + "=" + hidden
		}
	}
	u.RawQuery = strings.Join(parts, "&")
	return u.Redacted()
}
