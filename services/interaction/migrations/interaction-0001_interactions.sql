-- Customers of whom something is or was recorded. Whoever records holds the row until the commit, and a customer's removal takes
-- it too, so nothing is written for one who is gone. A removed one stays as `gone`: its last requests may still be on their way.
create table customer_locks (
  company_id uuid not null,
  customer_id uuid not null,
  gone boolean not null default false,
  primary key (company_id, customer_id)
);

-- A company's own types; those that every company has stand in the code.
create table interaction_types (
  company_id uuid not null,
  name text not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  constraint interaction_types_name_taken primary key (company_id, name)
);

create table interactions (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  created_by text not null,
  type text not null,
  notes text not null,
  occurred_at timestamptz(3) not null default now(),
  scheduled_at timestamptz(3),
  status text,
  priority text,
  category text,
  searched text not null,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  constraint interactions_customer foreign key (company_id, customer_id) references customer_locks (company_id, customer_id),
  constraint interactions_status check (
    case type
      when 'appointment' then status is not null and status in ('booked', 'done', 'cancelled')
      when 'complaint' then status is not null and status in ('open', 'in_progress', 'resolved', 'closed')
      else status is null
    end
  ),
  constraint interactions_priority check (priority in ('low', 'medium', 'high', 'critical'))
);
create index interactions_of_customer on interactions (company_id, customer_id, occurred_at desc nulls last, id desc);

comment on column customer_locks.company_id is 'technical';
comment on column customer_locks.customer_id is 'technical';
comment on column customer_locks.gone is 'technical: removed for good';
comment on column interaction_types.company_id is 'technical';
comment on column interaction_types.name is 'business';
comment on column interaction_types.created_by is 'technical';
comment on column interaction_types.created_at is 'technical';
comment on column interactions.company_id is 'technical';
comment on column interactions.id is 'technical';
comment on column interactions.customer_id is 'technical';
comment on column interactions.created_by is 'technical';
comment on column interactions.type is 'business';
comment on column interactions.notes is 'sensitive: free text about a person';
comment on column interactions.occurred_at is 'business';
comment on column interactions.scheduled_at is 'business';
comment on column interactions.status is 'business';
comment on column interactions.priority is 'business';
comment on column interactions.category is 'business';
comment on column interactions.searched is 'sensitive: notes and category as they are searched';
comment on column interactions.version is 'technical';
comment on column interactions.created_at is 'technical';
comment on column interactions.updated_at is 'technical';
