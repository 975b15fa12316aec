-- Counters follow what the interaction service has recorded: by how many of its changes they are.
alter table customer_counters add column totals_changes bigint not null default 0;
comment on column customer_counters.totals_changes is 'technical: how many changes the interaction service had counted when it gave these';
-- Orders may add up to more than one order can hold.
alter table customer_counters alter column lifetime_value type numeric(30, 2);
-- A column of another type has no statistics: without them a list by value is planned blindly until the next autovacuum.
analyze customer_counters (lifetime_value);
