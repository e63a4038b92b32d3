package app

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/roundel/roundel/internal/config"
)

// addressFile is the file in the data folder that says where the installation
// was last reached.
const addressFile = "address"

func writeAddress(f *os.File, baseURL string) error {
	_, err := f.WriteString(baseURL + "\n")
	return err
}

// LastAddress returns the public address of an installation: as its settings
// have it, else where a server on this data was last reached, else where one
// would listen.
func LastAddress(c config.Config) string {
	if c.BaseURL != "" {
		return strings.TrimSuffix(c.BaseURL, "/")
	}
	data, err := os.ReadFile(filepath.Join(c.Data, addressFile))
	if address := strings.TrimSpace(string(data)); err == nil && address != "" {
		return address
	}
	return "http://" + c.Listen
}
