package arm

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"flowctl/plan"
)

// groupName is a resource group's name in its own case.
func (q *request) groupName(st *State, name string) string {
	if m := q.at(st, q.groupID(name)); m != nil {
		return m.ID.Name()
	}
	return name
}

func (q *request) groupID(name string) plan.ID {
	return plan.ID("/subscriptions/" + q.sub() + "/resourceGroups/" + name)
}

// groupDeleteTime is how long it takes to delete a resource group.
const groupDeleteTime = 15 * time.Second

// deleteGroup removes a group with all that is in it. Its clients are given
// the address of the result only.
func (q *request) deleteGroup() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		id := q.pathID(st, groupType)
		m := q.at(st, id)
		if m == nil {
			return errGroup(id.Name())
		}
		blocked := q.groupInUse(st, m) // which is told at the end only
		if blocked == nil {
			q.removeGroup(st, m)
		}
		op, err := q.begin(st, id, m.Location, groupDeleteTime, http.StatusOK, nil)
		if err != nil {
			return err
		}
		op.Provider = "Microsoft.Resources"
		op.ID = jobID(m)
		if blocked != nil {
			op.Failed = q.deletionBlocked(m, blocked)
		}
		rep = q.deleting(op)
		return nil
	})
	return rep, err
}

func (q *request) removeGroup(st *State, m *Resource) {
	q.remove(st, m, groupDeleteTime)
	for _, w := range st.Watchers {
		if there(w.Gone, q.now) && covers(m.ID, w.ID) {
			w.Gone = q.now.Add(groupDeleteTime)
			q.endChildren(st, w)
		}
	}
}

// jobID is what the service calls the deletion of a group (recording
// resource-group).
func jobID(m *Resource) string {
	job, err := json.Marshal(struct {
		ID       string `json:"jobId"`
		Location string `json:"jobLocation"`
	}{"RESOURCEGROUPDELETIONJOB-" + strings.ToUpper(m.ID.Name()) + "-" + strings.ToUpper(uuid.NewString()[:8]) + "-" + strings.ToUpper(m.Location), m.Location})
	if err != nil {
		return uuid.NewString()
	}
	return base64.RawURLEncoding.EncodeToString(job)
}

// deleting answers as long as a group is being deleted.
func (q *request) deleting(op *Operation) reply {
	h := http.Header{"Location": {q.base() + "/subscriptions/" + q.sub() + "/operationresults/" + op.ID +
		"?api-version=" + url.QueryEscape(q.param("api-version"))}}
	op.pace(h)
	return reply{status: http.StatusAccepted, header: h}
}

// deletionBlocked is what comes of it where resources are in use: the errors of
// each as a text inside of one that is written in capitals (recording
// error-subnet-in-use).
func (q *request) deletionBlocked(g *Resource, why error) *Error {
	var e *Error
	if !errors.As(why, &e) {
		e = &Error{Code: "InternalServerError", Message: why.Error()}
	}
	inner, err := json.Marshal(e.reply().body)
	if err != nil {
		inner = nil
	}
	return &Error{Status: http.StatusConflict, Code: "ResourceGroupDeletionBlocked", Inner: string(inner),
		Message: fmt.Sprintf("Deletion of resource group '%s' failed as resources in it could not be deleted. The provisioning state of the resource group will be rolled back. "+
			"The tracking Id is '%s'. Please check audit logs for more details.", g.ID.Name(), uuid.NewString())}
}

func (q *request) getDeletion() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	for _, op := range st.Operations {
		if op.ID != q.path["op"] {
			continue
		}
		switch {
		case q.now.Before(op.End):
			return q.deleting(op), nil
		case op.Failed != nil:
			return reply{status: op.Failed.Status, body: map[string]any{"Error": map[string]any{"Code": op.Failed.Code, "Target": nil, "Message": op.Failed.Message,
				"Details": []any{map[string]any{"Code": nil, "Target": string(op.Resource), "Message": op.Failed.Inner}}}}}, nil
		}
		return reply{status: http.StatusOK}, nil
	}
	return reply{}, gatewayError(404, "OperationNotFound", "The operation was not found.")
}

// groupInUse refuses to delete a group while resources of others need one of
// its own; those of the group itself go together.
func (q *request) groupInUse(st *State, g *Resource) error {
	for _, m := range q.inside(st, g.ID) {
		if !there(m.Gone, q.now) {
			continue
		}
		others := func(user *Resource) bool { return !strings.HasPrefix(user.ID.Key(), g.ID.Key()+"/") }
		if err := q.inUseBy(st, m, others); err != nil {
			return err
		}
	}
	return nil
}
