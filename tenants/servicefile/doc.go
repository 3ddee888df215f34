// Package servicefile reads the catalogue of business services, services.yaml, as
// strictly as the other files that people write: see package tenantfile. It looks
// like this:
//
//	services:
//	  - name: billing
//	    description: Accounts and invoices
//	    operations: [create, delete]   # optional; all but reconcile
//	    timeoutSec: 600                # optional; an hour
//	    products: [reports]            # optional; tenants with any product or none
//	    optional: false                # optional; true: its failure fails no operation
//
// A file without services is fine: services: [].
package servicefile
