package memkv

import (
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

func (s *sim) afterwards(*node, history.Request, *history.Result)                        {}
func (s *sim) tooEarly(*lease) time.Duration                                             { return 0 }
func (s *sim) forge([]history.Evidence)                                                  {}
func (s *sim) bookmark(w *stream) history.Header                                         { return s.header(w.node) }
func (s *sim) misdeliver(_ *stream, all []history.WatchResponse) []history.WatchResponse { return all }
