// Package config holds the settings of an installation. The comments of its
// fields are their manual; flags win over the environment, and the environment
// over the file.
package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
)

// Config is everything that can be set. Every field has a good zero value or
// default. Secrets are never given here but as paths of files that hold them.
type Config struct {
	Listen  string `default:"127.0.0.1:8080" env:"ROUNDEL_LISTEN" placeholder:"HOST:PORT" help:"Where to listen. Port 0 takes a free one."`
	Data    string `default:"./data" env:"ROUNDEL_DATA" type:"path" placeholder:"DIR" help:"Folder for the database, pictures and the key file."`
	BaseURL string `env:"ROUNDEL_BASE_URL" placeholder:"URL" help:"The public address that all documents carry, for example https://badges.example.org. Without it, the listening address is used and awards are trials."`

	Database string `env:"ROUNDEL_DATABASE" placeholder:"URL" help:"postgres://… to use PostgreSQL. By default an SQLite file in the data folder."`

	TLSCert string `name:"tls-cert" env:"ROUNDEL_TLS_CERT" type:"path" placeholder:"FILE" help:"Certificate chain (PEM), to serve https without a proxy in front."`
	TLSKey  string `name:"tls-key" env:"ROUNDEL_TLS_KEY" type:"path" placeholder:"FILE" help:"Private key (PEM) of the certificate."`

	KeyFile        string `env:"ROUNDEL_KEY_FILE" type:"path" placeholder:"FILE" help:"Key-encryption key that opens the signing keys. By default key-encryption-key in the data folder, made on the first start. Back it up apart from the data."`
	PassphraseFile string `env:"ROUNDEL_PASSPHRASE_FILE" type:"path" placeholder:"FILE" help:"Derive the key-encryption key from the passphrase in this file instead."`

	SMTPAddr         string `name:"smtp" env:"ROUNDEL_SMTP" placeholder:"HOST:PORT" help:"Mail server. Without it, mails wait in the outbox that the console shows."`
	SMTPUser         string `name:"smtp-user" env:"ROUNDEL_SMTP_USER" help:"User name at the mail server."`
	SMTPPasswordFile string `name:"smtp-password-file" env:"ROUNDEL_SMTP_PASSWORD_FILE" type:"path" placeholder:"FILE" help:"File with the password at the mail server."`
	MailFrom         string `env:"ROUNDEL_MAIL_FROM" placeholder:"ADDRESS" help:"Address that mails are sent from."`
	Name             string `default:"Roundel" env:"ROUNDEL_NAME" help:"What this installation is called in its pages and mails."`

	Development bool   `env:"ROUNDEL_DEVELOPMENT" help:"For development only: /styleguide, and outbound requests may reach this machine."`
	VCAPIOpen   bool   `name:"vc-api-open" env:"ROUNDEL_VC_API_OPEN" help:"For development only: /vc signs and verifies without a token for whoever asks from this machine. Needs --development, and an address of this machine."`
	ExtraCA     string `name:"extra-ca" env:"ROUNDEL_EXTRA_CA" type:"path" placeholder:"FILE" help:"Certificates (PEM) to trust, beside the system's, when fetching other issuers' documents."`
	LogLevel    string `default:"info" enum:"debug,info,warn,error" env:"ROUNDEL_LOG_LEVEL" help:"How much to log: debug, info, warn or error."`
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
	if err := c.checkOpen(); err != nil {
		return err
	}
	if c.KeyFile != "" && c.PassphraseFile != "" {
		return fmt.Errorf("choose one of --key-file and --passphrase-file")
	}
	if c.Database != "" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		return fmt.Errorf("--database must begin with postgres://; without it the data folder is used")
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

// KeyPath returns the file of the key-encryption key.
func (c *Config) KeyPath() string {
	if c.KeyFile != "" {
		return c.KeyFile
	}
	return filepath.Join(c.Data, "key-encryption-key")
}

// Lines returns every setting as "ROUNDEL_NAME=value", the form in which the
// environment takes them. A password inside the database's address is hidden.
func (c *Config) Lines() []string {
	var lines []string
	v := reflect.ValueOf(*c)
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("env")
		value := fmt.Sprint(v.Field(i).Interface())
		if u, err := url.Parse(value); err == nil && u.User != nil {
			value = u.Redacted()
		}
		lines = append(lines, name+"="+value)
	}
	return lines
}
