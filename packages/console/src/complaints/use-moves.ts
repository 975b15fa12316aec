import { ClientelaError } from '@clientela/client';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { interactionStatusText } from '../customer/interaction-text.ts';
import { followFigures, refreshCustomer } from '../customer/queries.ts';
import { knownCustomerName } from '../customers/names.ts';
import { describeError } from '../ui/failure.tsx';
import { toast } from '../ui/toast.tsx';
import { forgetComplaint, keepComplaint, type Complaint, type Status } from './queries.ts';
import type { ComplaintsSearch } from './search.ts';
import { storeStatus } from './store-status.ts';

/** Why a card is not where the person moved it: it was refused, or (without an error) somebody else moved it elsewhere. */
export type Problem = { to: Status; error?: unknown };

const isGone = (error: unknown) => error instanceof ClientelaError && error.code.endsWith('_NOT_FOUND');

/** Puts a value of a map, or with undefined removes it. */
function changed<V>(map: ReadonlyMap<string, V>, id: string, value: V | undefined): ReadonlyMap<string, V> {
  const next = new Map(map);
  if (value === undefined) next.delete(id);
  else next.set(id, value);
  return next;
}

let following: AbortController | undefined;
/**
 * Focuses a card once it stands in its column and the menu that moved it is closed: the focus goes with it, unless the person goes on
 * meanwhile. Observes the page, because how long that takes depends on the machine.
 */
function follow(id: string, status: string | null): void {
  following?.abort();
  const waiting = new AbortController();
  following = waiting;
  const { signal } = waiting;
  for (const event of ['keydown', 'pointerdown'])
    addEventListener(event, () => waiting.abort(), { capture: true, signal });
  const look = () => {
    const card = document.querySelector<HTMLElement>(`[data-status="${status}"] [data-card="${id}"]`);
    if (!card || document.querySelector('[role="menu"]')) return;
    waiting.abort();
    card.focus();
  };
  const observer = new MutationObserver(look);
  signal.addEventListener('abort', () => observer.disconnect());
  observer.observe(document.body, { childList: true, subtree: true });
  look();
}

/** Whether the focus is on a card, or nowhere because what had it is gone. */
const isFocusedOrLost = (id: string): boolean =>
  document.activeElement === document.body || Boolean(document.activeElement?.closest(`[data-card="${id}"]`));

/**
 * Moves cards: at once on the screen, then on the server. A card that is refused goes back, with the reason at it; one that somebody else
 * has moved stands where they moved it. The toast takes a move back.
 */
export function useMoves(search: ComplaintsSearch) {
  const { t } = useTranslation();
  const [moving, setMoving] = useState<ReadonlyMap<string, Status>>(new Map());
  const [problems, setProblems] = useState<ReadonlyMap<string, Problem>>(new Map());
  const turns = useRef(new Map<string, Promise<Complaint>>());
  /** The filters of the board, while it is on the screen: a move may end later than that, and be taken back later still. */
  const shown = useRef<ComplaintsSearch>(undefined);
  useEffect(() => {
    shown.current = search;
    return () => {
      shown.current = undefined;
    };
  }, [search]);

  const report = (card: Complaint, problem: Problem, text: string) => {
    if (isGone(problem.error)) forgetComplaint(card, shown.current ?? search);
    else if (shown.current) return setProblems((all) => changed(all, card.id, problem));
    toast(text);
  };
  const store = async (card: Complaint, to: Status, isUndo: boolean): Promise<Complaint> => {
    try {
      const stored = await storeStatus(card, to);
      keepComplaint(stored, shown.current ?? search);
      if (stored.status !== to) report(stored, { to }, t('errors.codes.PRECONDITION_FAILED'));
      else if (!isUndo) {
        const name = knownCustomerName(card.customer_id) ?? t('customer.title');
        const undo = () => move(stored, card.status as Status, true);
        toast(`${name}: ${interactionStatusText(to, t)}`, { label: t('common.undo'), run: undo });
      }
      void refreshCustomer(card.customer_id);
      followFigures(card.customer_id);
      return stored;
    } catch (error) {
      report(card, { to, error }, describeError(error, t));
      return card;
    }
  };
  const move = (card: Complaint, to: Status, isUndo = false): void => {
    setMoving((all) => changed(all, card.id, to));
    setProblems((all) => changed(all, card.id, undefined));
    if (!isUndo) follow(card.id, to);
    // Moves of one card take turns, each based on what the one before has stored.
    const before = turns.current.get(card.id) ?? Promise.resolve(card);
    const turn = before
      .then((known) => store(known.version > card.version ? known : card, to, isUndo))
      .then((known) => {
        if (turns.current.get(card.id) !== turn) return known; // the card is moved on
        turns.current.delete(card.id);
        setMoving((all) => changed(all, card.id, undefined));
        if (isFocusedOrLost(card.id)) follow(card.id, known.status);
        return known;
      });
    turns.current.set(card.id, turn);
  };
  const dismiss = (card: Complaint) => {
    setProblems((all) => changed(all, card.id, undefined));
    follow(card.id, card.status);
  };
  return { moving, problems, move, dismiss };
}
