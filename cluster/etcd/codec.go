package etcd

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/whitewater-kv/whitewater/history"
)

// The messages of single reads and writes are spelled here by hand, field by field as in etcd's rpc.proto: they are
// what is measured most, and reflection would cost more than the rest of the call.

func appendText(b []byte, number protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), text)
}

func appendNumber(b []byte, number protowire.Number, value int64) []byte {
	if value == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(value))
}

func appendFlag(b []byte, number protowire.Number, flag bool) []byte {
	return appendNumber(b, number, int64(protowire.EncodeBool(flag)))
}

// appendRange writes a RangeRequest.
func appendRange(b []byte, r history.Request) []byte {
	key, end := r.Key, r.End
	if key == "" && end == "\x00" {
		key = "\x00" // every key
	}
	b = appendText(b, 1, key)
	if r.Kind == history.Range {
		b = appendText(b, 2, end)
	}
	b = appendNumber(b, 3, r.Limit)
	b = appendNumber(b, 4, r.Revision)
	b = appendFlag(b, 7, r.Serializable)
	b = appendFlag(b, 8, r.KeysOnly)
	return appendFlag(b, 9, r.CountOnly)
}

// appendPut writes a PutRequest.
func appendPut(b []byte, r history.Request) []byte {
	b = appendText(b, 1, r.Key)
	b = appendText(b, 2, r.Value)
	b = appendNumber(b, 3, r.Lease)
	return appendFlag(b, 4, true) // tell what was there
}

// decodeRange reads a RangeResponse.
func decodeRange(r history.Request, message []byte) (history.Result, error) {
	var result history.Result
	err := fields(message, func(tag uint64, value uint64, text []byte) error {
		switch tag {
		case 1<<3 | texts:
			return decodeHeader(&result.Header, text)
		case 2<<3 | texts:
			kv, err := decodeKV(r.Key, text)
			result.KVs = append(result.KVs, kv)
			return err
		case 3<<3 | numbers:
			result.More = r.Kind != history.Get && value != 0
		case 4<<3 | numbers:
			if r.Kind != history.Get {
				result.Count = int64(value)
			}
		}
		return nil
	})
	return result, err
}

// decodePut reads a PutResponse.
func decodePut(r history.Request, message []byte) (history.Result, error) {
	var result history.Result
	err := fields(message, func(tag uint64, _ uint64, text []byte) error {
		switch tag {
		case 1<<3 | texts:
			return decodeHeader(&result.Header, text)
		case 2<<3 | texts:
			kv, err := decodeKV(r.Key, text)
			result.Prev = []history.KV{kv}
			return err
		}
		return nil
	})
	return result, err
}

func decodeHeader(h *history.Header, message []byte) error {
	return fields(message, func(tag uint64, value uint64, _ []byte) error {
		switch tag {
		case 1<<3 | numbers:
			h.Cluster = value
		case 2<<3 | numbers:
			h.Member = value
		case 3<<3 | numbers:
			h.Revision = int64(value)
		case 4<<3 | numbers:
			h.Term = value
		}
		return nil
	})
}

// decodeKV reads a KeyValue. asked is the key that it is likely to have.
func decodeKV(asked string, message []byte) (kv history.KV, err error) {
	err = fields(message, func(tag uint64, value uint64, text []byte) error {
		switch tag {
		case 1<<3 | texts:
			kv.Key = asked
			if string(text) != asked {
				kv.Key = string(text)
			}
		case 2<<3 | numbers:
			kv.Create = int64(value)
		case 3<<3 | numbers:
			kv.Mod = int64(value)
		case 4<<3 | numbers:
			kv.Version = int64(value)
		case 5<<3 | texts:
			kv.Value = string(text)
		case 6<<3 | numbers:
			kv.Lease = int64(value)
		}
		return nil
	})
	return kv, err
}

var errWire = errors.New("the answer is not a message of protobuf")

// The kinds of field that are read. A tag is a field's number and kind: a field of a kind that is not its own is none.
const (
	numbers = uint64(protowire.VarintType)
	texts   = uint64(protowire.BytesType)
)

// fields calls each for every field of a message: numbers have a value, texts their bytes. Fields of other kinds are
// skipped.
func fields(message []byte, each func(tag uint64, value uint64, text []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errWire
		}
		message = message[n:]
		var value uint64
		var text []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			text, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return errWire
		}
		if err := each(protowire.EncodeTag(number, kind), value, text); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}
