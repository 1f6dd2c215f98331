package history

import "strconv"

func appendWatch(b []byte, w *Watch) []byte {
	b = append(b, `{"type":"watch","watch":`...)
	b = strconv.AppendInt(b, int64(w.ID), 10)
	b = appendText(b, `,"node":`, string(w.Node))
	b = appendText(b, `,"purpose":`, w.Purpose)
	b = appendWord(b, `,"key":`, w.Key)
	b = appendWord(b, `,"end":`, w.End)
	b = appendNumber(b, `,"start":`, w.Start)
	b = appendFlag(b, `,"prev_kv":true`, w.PrevKV)
	b = appendFlag(b, `,"progress":true`, w.Progress)
	b = appendFlag(b, `,"fragment":true`, w.Fragment)
	b = appendFlag(b, `,"no_put":true`, w.NoPut)
	b = appendFlag(b, `,"no_delete":true`, w.NoDelete)
	if w.Resumes != -1 {
		b = strconv.AppendInt(append(b, `,"resumes":`...), int64(w.Resumes), 10)
	}
	b = append(b, `,"opened":`...)
	b = strconv.AppendInt(b, int64(w.Opened), 10)
	b = appendNumber(b, `,"closed":`, int64(w.Closed))
	b = appendNumber(b, `,"compacted":`, w.Compacted)
	return appendWord(b, `,"error":`, w.Error)
}

func appendResponse(b []byte, watch int, r *WatchResponse) []byte {
	b = append(b, `{"type":"response","watch":`...)
	b = strconv.AppendInt(b, int64(watch), 10)
	b = append(b, `,"time":`...)
	b = strconv.AppendInt(b, int64(r.At), 10)
	b = appendHeader(b, r.Header)
	b = appendFlag(b, `,"created":true`, r.Created)
	b = appendFlag(b, `,"progress":true`, r.Progress)
	b = appendFlag(b, `,"fragment":true`, r.Fragment)
	if len(r.Events) > 0 {
		b = appendList(append(b, `,"events":`...), r.Events, appendEvent)
	}
	return b
}

func appendEvent(b []byte, e *Event) []byte {
	name := `"put":{`
	if e.Delete {
		name = `"delete":{`
	}
	b = append(appendPair(append(b, name...), &e.KV), '}')
	if e.Prev != nil {
		b = append(appendPair(append(b, `,"prev":{`...), e.Prev), '}')
	}
	return b
}
