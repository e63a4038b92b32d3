package blob

import (
	"context"
	"errors"
	"io/fs"
)

// Keys calls do with the key of every blob, in order, until it returns an error.
func (d *Dir) Keys(ctx context.Context, do func(key string) error) error {
	folders, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		files, err := fs.ReadDir(d.root.FS(), folder.Name())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range files { // others are being written, or were left by a crash
			if !keyForm.MatchString(f.Name()) || place(f.Name()) != folder.Name()+"/"+f.Name() {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(f.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}
