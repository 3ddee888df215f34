package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
)

// TestPlans looks at how each statement of the package is carried out in a
// database with many tenants: by an index, never through a whole table.
func TestPlans(t *testing.T) {
	statements := inSource(t)
	if len(statements) < 20 {
		t.Fatalf("only %d statements were found", len(statements))
	}
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		store := filled(t, d, where)
		db := raw(t, d.kind, where)
		look := func(statement string, args []any) {
			plan := explain(t, db, d.kind, statement, args)
			if wholeTable.MatchString(plan) {
				t.Errorf("%s\nreads a whole table:\n%s", statement, plan)
			}
			if os.Getenv("SQLSTORE_TEST_PLANS") != "" {
				t.Logf("%s\n%s", statement, plan)
			}
		}
		for _, statement := range statements {
			look(statement, nil)
		}
		for _, q := range []tenants.Query{{}, {Tier: "premium"}, {Status: tenants.StatusDeleted}, {Region: "eu-west-1"}, {Product: "crm"}, {Service: "billing"},
			{Model: tenants.ModelSilo}, {Text: "7777"}, {Text: "acme 7776"}, {Tier: "free", Region: "us-east-1", Product: "crm", Text: "acme 77"}} {
			for _, after := range []string{"", "customer-05000"} {
				look(sqlstore.SearchStatement(q, after, 51))
			}
		}
		for _, q := range []tenants.OperationQuery{{}, {TenantID: "customer-00001"}, {Kind: tenants.OperationMove}, {Progress: tenants.ProgressFailed},
			{TenantID: "customer-00001", Kind: tenants.OperationCreate, Progress: tenants.ProgressRunning}} {
			for _, after := range []string{"", strconv.FormatInt(time.Now().UnixMicro(), 10) + " op-customer-05000"} {
				statement, args, err := store.OperationsStatement(q, after, 51)
				if err != nil {
					t.Fatal(err)
				}
				look(statement, args)
				if plan := explain(t, db, d.kind, statement, args); q.TenantID != "" && !strings.Contains(plan, "operations_by_tenant") {
					t.Errorf("%s\nis not looked up by the tenant:\n%s", statement, plan)
				}
			}
		}
	})
}

// wholeTable matches a plan that reads a whole table. The head of the audit
// journal is one row; the outbox is read from its oldest row until enough is due.
var wholeTable = regexp.MustCompile(`(?m)SCAN (tenants|tenant_terms|tenant_origins|operations|audit|idempotency_keys)$|Seq Scan on (tenants|tenant_terms|tenant_origins|operations|audit|idempotency_keys)\b`)

// inSource gives the statements that the package's source has as constants. The
// two that are put together from parts are left out, and so are INSERTs, which
// have no plan, and the one that removes many keys at once.
func inSource(t *testing.T) []string {
	t.Helper()
	files := token.NewFileSet()
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range names {
		if !strings.HasSuffix(name.Name(), ".go") || strings.HasSuffix(name.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && (f.Name.Name == "searchStatement" || f.Name.Name == "operationsStatement" ||
				f.Name.Name == "upgradeDatabase" || f.Name.Name == "Expire") {
				return false
			}
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := constant(e)
			if !ok {
				return true
			}
			if strings.HasPrefix(text, "SELECT ") || strings.HasPrefix(text, "UPDATE ") || strings.HasPrefix(text, "DELETE ") {
				found[text] = true
			}
			return false
		})
	}
	return slices.Collect(maps.Keys(found))
}

// constant gives the text of an expression of literals; names stand for the list
// of columns, or for nothing.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok := constant(e.X)
		if !ok || e.Op != token.ADD {
			return "", false
		}
		right := ""
		if name, isName := e.Y.(*ast.Ident); isName && name.Name == "auditColumns" {
			right = "seq, hash"
		} else if text, isText := constant(e.Y); isText {
			right = text
		}
		return left + right, true
	}
	return "", false
}

var parameter = regexp.MustCompile(`\$([0-9]+)`)

// explain gives the plan of a statement with its arguments, or for any arguments
// where args is nil.
func explain(t *testing.T, db *sql.DB, kind, statement string, args []any) string {
	t.Helper()
	count := 0
	for _, p := range parameter.FindAllStringSubmatch(statement, -1) {
		n, _ := strconv.Atoi(p[1])
		count = max(count, n)
	}
	ctx, mode := t.Context(), "force_custom_plan"
	if args == nil {
		args, mode = make([]any, count), "force_generic_plan"
	}
	if kind == "sqlite" {
		rows, err := db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, args...)
		return lines(t, rows, err, 3)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, s := range []string{"SET plan_cache_mode = " + mode, "PREPARE looked_at AS " + statement} {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "DEALLOCATE looked_at"); err != nil {
			t.Error(err)
		}
	}()
	literals := make([]string, len(args))
	for i, a := range args {
		literals[i] = "NULL"
		if a != nil {
			literals[i] = "'" + fmt.Sprint(a) + "'"
		}
	}
	execute := "EXPLAIN EXECUTE looked_at"
	if count > 0 {
		execute += "(" + strings.Join(literals, ", ") + ")"
	}
	rows, err := conn.QueryContext(ctx, execute)
	return lines(t, rows, err, 0)
}

// lines gives one column of rows, a line each.
func lines(t *testing.T, rows *sql.Rows, err error, column int) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // Err tells of what went wrong
	var b strings.Builder
	for rows.Next() {
		values := make([]any, column+1)
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		text, _ := (*values[column].(*any)).(string)
		b.WriteString(text + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
