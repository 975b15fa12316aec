-- One unfinished import from the same outside source in a company: docs/adr/0031. Files have no `source` in their job's input.
create unique index jobs_import_source_unfinished on jobs (company_id, (input ->> 'source'))
  where kind = 'customers.import' and status in ('queued', 'running') and input ->> 'source' is not null;
