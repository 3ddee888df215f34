// Package tenantfile reads the files that people write: the tier catalogue
// (tiers.yaml), the list of tenants (tenants.yaml), and the description of one
// function.
//
// Reading is strict. A field that is not known, a field that is there twice, a
// number where text belongs, and whatever else tenants.Catalogue.Validate and
// tenants.Tenant.Validate refuse, gives a CodeInvalid error with one FieldError a
// problem: the file and line, the field's path, the value, and what is allowed.
// Anchors, aliases, tags, merge keys and several documents in a file are refused
// too: what is written is what is meant. A file may have 1 MiB.
//
// tiers.yaml is a mapping with the list tiers, whose entries have the fields of
// tenants.Tier under their JSON names, and optionally concurrencyLimit.
// tenants.yaml looks like this:
//
//	tenants:
//	  - id: acme
//	    name: Acme Ltd
//	    adminEmail: admin@acme.example
//	    tier: standard
//	    region: eu-west-1         # optional; the caller's default
//	    costCenter: "4711"        # optional; the id
//	    functions:                # optional
//	      - name: greeting
//	        runtime: python3.13
//	        handler: app.handler
//	        archive: functions/greeting   # zip or directory, relative to this file
//	        layers: [layers/greeting-lib] # optional, as archive
//	        grants: []                    # optional: {actions: [...], resources: [...]}
//	        tags: {team: blue}            # optional
package tenantfile
