-- no-transaction
create index concurrently if not exists transactions_of_all on transactions (occurred_at desc, id desc);
