-- Undo of imports, from the last change of an import to its first: docs/adr/0030.
create index customer_history_import_order on customer_history (company_id, import_id, id) where import_id is not null;
drop index customer_history_import;

-- One undo of an import; a cancelled or failed one is continued by a new job.
create table customer_import_undos (
  company_id uuid not null,
  import_id uuid not null,
  job_id uuid not null,
  position uuid,
  done bigint not null default 0,
  deleted bigint not null default 0,
  reverted bigint not null default 0,
  kept bigint not null default 0,
  primary key (company_id, import_id),
  foreign key (company_id, import_id) references customer_imports (company_id, id) on delete cascade
);
select migrations.comment_technical('customer_import_undos', 'company_id', 'import_id', 'job_id', 'done');
comment on column customer_import_undos.position is 'technical: the last entry of the history that is undone';
comment on column customer_import_undos.deleted is 'business: customers that the import had created';
comment on column customer_import_undos.reverted is 'business: customers with values as before the import';
comment on column customer_import_undos.kept is 'business: changes that stay, in part or whole';

-- What an undo left as it is.
create table customer_import_undo_problems (
  company_id uuid not null,
  import_id uuid not null,
  entry_id uuid not null,
  ordinal integer not null,
  row_number bigint,
  customer_number bigint not null,
  field text,
  reason text not null,
  primary key (company_id, import_id, entry_id, ordinal),
  foreign key (company_id, import_id) references customer_imports (company_id, id) on delete cascade
);
create index customer_import_undo_problems_rows
  on customer_import_undo_problems (company_id, import_id, row_number, entry_id, ordinal);
select migrations.comment_technical(
  'customer_import_undo_problems', 'company_id', 'import_id', 'entry_id', 'ordinal', 'row_number');
comment on column customer_import_undo_problems.customer_number is 'business';
comment on column customer_import_undo_problems.field is 'business: its name, never a value';
comment on column customer_import_undo_problems.reason is 'technical: holds no personal value';
