package main

import (
	"context"
	"errors"
	"io"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/devices/printer"
)

type movedJSON struct {
	Schema string `json:"schema"`
	Action string `json:"action"`
	Count  int    `json:"count"`
	Bytes  int64  `json:"bytes"`
	Failed int    `json:"failed"`
}

// act is what was done with documents.
type act string

const (
	actGiven   act = "given"
	actPrinted act = "printed"
	actRefused act = "refused"
	actHeld    act = "held"
	actBack    act = "back"
)

// moved says what became of documents. Not all is not done.
func (d *documentsRun) moved(done act, m agent.Moved) error {
	if d.json {
		d.line(movedJSON{"ipguard.moved/1", string(done), m.Count, m.Bytes, m.Failed})
	} else {
		d.printf("moved."+string(done), m.Count)
	}
	if m.Failed > 0 {
		d.tellUnlessJSON("documents.failed", m.Failed)
		return quiet(exitIncomplete)
	}
	return nil
}

// some are the chosen documents; an error says that there is none.
func (d *documentsRun) some(ctx context.Context) ([]handover.Document, error) {
	all, err := d.chosen(ctx)
	if err == nil && len(all) == 0 {
		d.tellUnlessJSON("documents.none")
	}
	return plainly(all), err
}

// give copies documents onto a medium, reads them back and lets the medium go. They stay in the session until it ends.
func (d *documentsRun) give(ctx context.Context, dest string) error {
	docs, err := d.some(ctx)
	if err != nil {
		return err
	}
	m := agent.Moved{}
	if len(docs) > 0 {
		marks, err := d.giveAll(ctx, d.agent, d.acct, dest, docs)
		if err != nil {
			return err
		}
		m.Count = len(marks)
	}
	for _, doc := range docs {
		m.Bytes += doc.Bytes
	}
	return d.moved(actGiven, m)
}

// print prints documents one by one and follows each until it is out.
func (d *documentsRun) print(ctx context.Context, name string) error {
	docs, err := d.some(ctx)
	if err != nil {
		return err
	}
	m := agent.Moved{}
	spooler := d.printers(d.acct.Name)
	for _, doc := range docs {
		job := printer.Document{Type: typeOf(handover.Name(doc)), Open: func() (io.ReadCloser, error) {
			return d.agent.OpenDocument(ctx, d.acct, doc)
		}}
		err := d.printFollowed(ctx, spooler, name, job)
		switch {
		case ctx.Err() != nil || errors.Is(err, printer.ErrNoService):
			return err
		case err != nil:
			d.tellUnlessJSON("print.failed", printable(handover.Name(doc)), explainText(d.app, err))
			m.Failed++
		default:
			m.Count, m.Bytes = m.Count+1, m.Bytes+doc.Bytes
		}
	}
	return d.moved(actPrinted, m)
}

// refuse destroys documents at once. Who means it says so.
func (d *documentsRun) refuse(ctx context.Context, _ string) error {
	docs, err := d.some(ctx)
	if err != nil || len(docs) == 0 {
		return err
	}
	if !d.yes {
		if !d.interactive || d.json {
			return usage("error.refuse_not_interactive")
		}
		d.printf("documents.refuse", len(docs))
		if !isYes(newAnswers(d.in).line(ctx)) {
			return errLeft()
		}
	}
	m, err := d.throughService(ctx, docs, d.found.client.Refuse, d.agent.RefuseNow)
	if err != nil {
		return err
	}
	return d.moved(actRefused, m)
}

// hold sets documents aside now.
func (d *documentsRun) hold(ctx context.Context, _ string) error {
	docs, err := d.some(ctx)
	if err != nil || len(docs) == 0 {
		return err
	}
	m, err := d.throughService(ctx, docs, d.found.client.Hold, d.agent.HoldNow)
	if err != nil {
		return err
	}
	return d.moved(actHeld, m)
}
