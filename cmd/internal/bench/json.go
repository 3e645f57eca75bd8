package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// SumJSON is the peer that reads flow logs as one would with the standard
// library; it is for a process of its own.
func SumJSON(out Streams, files []string) error {
	s := jsonSum{pairs: map[[2]string][2]uint64{}}
	for _, f := range files {
		if err := s.file(f); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	_, err := fmt.Fprintf(out.Out, "%d tuples, %d packets, %d bytes, %d pairs\n", s.tuples, s.packets, s.bytes, len(s.pairs))
	return err
}

type jsonSum struct {
	pairs                  map[[2]string][2]uint64
	tuples, packets, bytes uint64
}

// file adds a VNet flow log.
func (s *jsonSum) file(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var log struct {
		Records []struct {
			FlowRecords struct {
				Flows []struct {
					FlowGroups []struct {
						FlowTuples []string `json:"flowTuples"`
					} `json:"flowGroups"`
				} `json:"flows"`
			} `json:"flowRecords"`
		} `json:"records"`
	}
	if err := json.Unmarshal(b, &log); err != nil {
		return err
	}
	for _, r := range log.Records {
		for _, f := range r.FlowRecords.Flows {
			for _, g := range f.FlowGroups {
				for _, t := range g.FlowTuples {
					if err := s.tuple(t); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (s *jsonSum) tuple(text string) error {
	f := strings.Split(text, ",")
	if len(f) != 13 {
		return fmt.Errorf("tuple %q has %d fields", text, len(f))
	}
	var v [4]uint64
	for i, field := range f[9:] {
		if field == "" {
			continue
		}
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return err
		}
		v[i] = n
	}
	pair := [2]string{f[1], f[2]}
	if pair[0] > pair[1] {
		pair[0], pair[1] = pair[1], pair[0]
	}
	sum := s.pairs[pair]
	s.pairs[pair] = [2]uint64{sum[0] + v[0] + v[2], sum[1] + v[1] + v[3]}
	s.tuples++
	s.packets += v[0] + v[2]
	s.bytes += v[1] + v[3]
	return nil
}
