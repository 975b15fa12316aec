-- What a customer's counters count has changed so often. Whoever changes it holds the row.
alter table customer_locks add column changes bigint not null default 0;
comment on column customer_locks.changes is 'technical: how often what the customer''s counters count has changed';
