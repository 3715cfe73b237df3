package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tiles is a directory in the layout of C2SP tlog-tiles, as a tlog.TileReader. The paths of that package have the
// height of a tile in them, C2SP's do not.
type tiles struct {
	dir  string
	read int
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) path(tile tlog.Tile) string {
	return filepath.Join(t.dir, "tile", strings.TrimPrefix(tile.Path(), "tile/8/"))
}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(t.path(tile))
		if err != nil && tile.W < 256 { // a partial tile goes when its full one is there
			full := tile
			full.W = 256
			data, err = os.ReadFile(t.path(full))
		}
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is too short", tile.Path())
		}
		out = append(out, data[:tile.W*tlog.HashSize])
		t.read++
	}
	return out, nil
}

// entries reads one bundle: its name is that of the tile of leaf hashes beside it.
func (t *tiles) entries(n int64, width int) ([][]byte, error) {
	path := strings.Replace(t.path(tlog.Tile{H: 8, L: 0, N: n, W: width}), "tile/0/", "tile/entries/", 1)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s is torn", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		out = append(out, data[2:end])
		data = data[end:]
	}
	if len(out) != width {
		return nil, fmt.Errorf("%s has %d entries", path, len(out))
	}
	return out, nil
}

// verifyTiles checks every entry's inclusion, through hashes that tlog.TileHashReader authenticates against the signed
// root, and the consistency of every pair of successive checkpoints of the export.
func (e *export) verifyTiles(dir string) (string, error) {
	t := &tiles{dir: dir}
	newest := e.newest()
	if text, err := os.ReadFile(filepath.Join(dir, "checkpoint")); err != nil || !bytes.Equal(text, newest.note) {
		return "", fmt.Errorf("%s/checkpoint is not the newest: %v", dir, err)
	}
	hashes := tlog.TileHashReader(tlog.Tree{N: newest.size, Hash: newest.root}, t)
	for i := int64(0); i < newest.size; i += 256 {
		width := 256
		if newest.size-i < 256 {
			width = int(newest.size - i)
		}
		entries, err := t.entries(i/256, width)
		if err != nil {
			return "", err
		}
		for k, entry := range entries {
			proof, err := tlog.ProveRecord(newest.size, i+int64(k), hashes)
			if err != nil {
				return "", err
			}
			if err := tlog.CheckRecord(proof, newest.size, newest.root, i+int64(k), tlog.RecordHash(entry)); err != nil {
				return "", fmt.Errorf("entry %d: %w", i+int64(k), err)
			}
		}
	}
	for i := 1; i < len(e.checkpoints); i++ {
		a, b := e.checkpoints[i-1], e.checkpoints[i]
		proof, err := tlog.ProveTree(b.size, a.size, hashes)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckTree(proof, b.size, b.root, a.size, a.root); err != nil {
			return "", fmt.Errorf("checkpoints %d and %d: %w", a.size, b.size, err)
		}
	}
	if t.read == 0 {
		return "", errors.New("no tile was read")
	}
	return fmt.Sprintf("%s: %d entries and %d pairs of checkpoints through tiles: all good", dir, newest.size, len(e.checkpoints)-1), nil
}
