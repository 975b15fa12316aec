-- What a customer's counters count has changed so often. Whoever changes it holds the row.
alter table known_customers add column changes bigint not null default 0;
comment on column known_customers.changes is 'technical: how often what the customer''s counters count has changed';
