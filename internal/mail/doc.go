// Package mail composes the mails that the control plane sends, and sends them:
// through Amazon SES, through an SMTP server, or into a directory of .eml files.
//
// There are four: the welcome of a tenant's administrator, sent when everything is
// ready; the deadline of a move; the notice of a deletion; and the failure of an
// operation, to the delivery team. Each has a text and an HTML part that say the
// same. A mail holds no secret: no password, token or link that is one.
//
// A message has an id, made from the operation and the kind of mail, so that the
// same mail has the same id however often it is composed. How far that keeps it
// from being sent twice depends on the driver:
//
//   - a directory has one file an id: exactly once, across crashes;
//   - SMTP and SES have no such promise. Send is called again only when it failed
//     or its result was lost. In the second case, a crash between the server's
//     acceptance and the record of it, a second copy goes out, with the same
//     Message-ID (SMTP; mailboxes that recognise it show one) or the same
//     X-Tenantform-Message-Id (SES replaces the Message-ID).
//
// Callers record that a mail was sent right after Send returned.
package mail
