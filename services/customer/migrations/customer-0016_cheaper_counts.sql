-- Names its schema instead of `set search_path`, which PostgreSQL would save and restore at each insert (docs/adr/0043).
create or replace function count_customers() returns trigger
  language plpgsql
as $$
begin
  insert into public.customer_counts (company_id, status, type, deleted, slot, customers)
    select company_id, status, type, deleted_at is not null, (pg_backend_pid() % 64)::smallint,
           case tg_op when 'INSERT' then count(*) else -count(*) end
      from changed group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict on constraint customer_counts_pkey
    do update set customers = public.customer_counts.customers + excluded.customers;
  return null;
end
$$;
