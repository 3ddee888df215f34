package wire

// The names of headers beside those of HTTP itself.
const (
	HeaderCorrelationID       = "X-Correlation-Id"     // in requests and answers: at most 128 printable ASCII characters without spaces
	HeaderIdempotencyKey      = "Idempotency-Key"      // in writes
	HeaderIdempotencyReplayed = "Idempotency-Replayed" // "true" in an answer that was given before
)

// The content types beside application/json.
const (
	ContentProblem    = "application/problem+json"
	ContentMergePatch = "application/merge-patch+json"
	ContentEvents     = "text/event-stream"
)

// CodeUnauthenticated is the code of a Problem where nobody is known to have sent
// the request. All others are a tenants.Code.
const CodeUnauthenticated = "unauthenticated"

// Problem is every answer with a status from 400 on (RFC 9457).
type Problem struct {
	Type          string         `json:"type" doc:"Always about:blank: the code tells the kind" example:"about:blank"`
	Title         string         `json:"title" doc:"What the status means"`
	Status        int            `json:"status"`
	Detail        string         `json:"detail,omitempty" doc:"What is wrong, and what to do"`
	Code          string         `json:"code" enum:"invalid,not_found,conflict,forbidden,failed_precondition,unavailable,internal,unauthenticated" doc:"The kind, for programs"`
	CorrelationID string         `json:"correlationId,omitempty" doc:"Of this request, also in the server's log"`
	Errors        []ProblemField `json:"errors,omitempty" nullable:"false" doc:"What is wrong with each field"`
}

// ProblemField is what is wrong with one field of a request.
type ProblemField struct {
	Field   string `json:"field" doc:"Path of the field in the body, or the name of a parameter" example:"adminEmail"`
	Message string `json:"message" doc:"What is wrong with it, for people"`
	Value   string `json:"value,omitempty" doc:"The value as given, cut where it is long"`
	Allowed string `json:"allowed,omitempty" doc:"What would have been accepted"`
}
