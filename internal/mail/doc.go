// Package mail composes the mails that the control plane sends, and sends them:
// through Amazon SES, through an SMTP server, or into a directory of .eml files.
//
// There are three, to a tenant's administrator: the welcome, sent when everything
// is ready; the deadline of a move; and the notice of a deletion. Each has a text and an HTML part that say the
// same. A mail holds no secret: no password, token or link that is one.
//
// A message has an id, made from the operation and the kind of mail, so that the
// same mail has the same id however often it is composed. How far that keeps it
// from being sent twice depends on the driver:
//
//   - a directory has one file an id: exactly once, across crashes;
//   - SMTP and SES take what they are given: a message that is sent twice is
//     received twice, with the same Message-ID (SMTP) or the same
//     X-Tenantform-Message-Id (SES replaces the Message-ID). Neither driver sends by
//     itself again.
//
// Callers that want a mail to come once at most record that they send it before
// they do, take the record away when the error is Untaken, and do not send again by
// a driver without Once what is recorded so.
package mail
