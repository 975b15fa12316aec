-- What the relay reads and deletes (docs/adr/0043). A session keeps the plan of a statement, and deliveries come and go: a plan made while
-- there were hardly any would read the whole table at each event, with every row that was deleted since the last vacuum, and all events.
-- So these statements have functions that allow indexes only.
create function find_deliveries(named text, is_other boolean, blocked text[], amount integer)
  returns table (event_id uuid, subscriber text, aggregate text, attempts integer, envelope jsonb, due_in float8)
  language plpgsql
  set enable_seqscan = off
  set enable_bitmapscan = off
as $$
#variable_conflict use_column
begin
  if is_other then
    return query
      select d.event_id, d.subscriber, d.aggregate, d.attempts,
             (select e.envelope from public.outbox_events as e where e.id = d.event_id),
             (date_part('epoch', d.next_attempt_at - now()) * 1000)::float8
        from public.outbox_deliveries as d
       where d.failed_at is null and d.subscriber <> named and d.aggregate <> all (blocked)
       order by d.event_id limit amount;
  else
    return query
      select d.event_id, d.subscriber, d.aggregate, d.attempts,
             (select e.envelope from public.outbox_events as e where e.id = d.event_id),
             (date_part('epoch', d.next_attempt_at - now()) * 1000)::float8
        from public.outbox_deliveries as d
       where d.failed_at is null and d.subscriber = named and d.aggregate <> all (blocked)
       order by d.event_id limit amount;
  end if;
end
$$;

create function delete_deliveries(of_subscriber text, of_events uuid[]) returns void
  language plpgsql
  set enable_seqscan = off
  set enable_bitmapscan = off
as $$
begin
  delete from public.outbox_deliveries where subscriber = of_subscriber and event_id = any (of_events);
end
$$;
