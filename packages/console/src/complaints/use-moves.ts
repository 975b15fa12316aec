import { ClientelaError } from '@clientela/client';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { interactionStatusText } from '../customer/interaction-text.ts';
import { followFigures, refreshCustomer } from '../customer/queries.ts';
import { knownCustomerName } from '../customers/names.ts';
import { describeError } from '../ui/failure.tsx';
import { focusIfLost } from '../ui/focus.tsx';
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

const settledMs = 50; // by then the card stands in its column, and a menu that closed has given the focus back
const selectorOf = (id: string) => `[data-card="${id}"]`;
/** Focuses a card where it stands then: the focus goes with it, unless the person goes on meanwhile, to "Undo" or to a menu. */
function follow(id: string): void {
  const waiting = new AbortController();
  const options = { capture: true, signal: waiting.signal };
  for (const event of ['keydown', 'pointerdown']) addEventListener(event, () => waiting.abort(), options);
  setTimeout(() => {
    const isElsewhere = document.activeElement?.closest('[role="alertdialog"], [role="menu"]');
    if (!waiting.signal.aborted && !isElsewhere) document.querySelector<HTMLElement>(selectorOf(id))?.focus();
    waiting.abort();
  }, settledMs);
}

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
    if (!isUndo) follow(card.id);
    // Moves of one card take turns, each based on what the one before has stored.
    const before = turns.current.get(card.id) ?? Promise.resolve(card);
    const turn = before
      .then((known) => store(known.version > card.version ? known : card, to, isUndo))
      .finally(() => {
        if (turns.current.get(card.id) !== turn) return; // the card is moved on
        turns.current.delete(card.id);
        setMoving((all) => changed(all, card.id, undefined));
        if (document.activeElement?.closest(selectorOf(card.id))) follow(card.id);
        else focusIfLost(selectorOf(card.id));
      });
    turns.current.set(card.id, turn);
  };
  const dismiss = (card: Complaint) => {
    setProblems((all) => changed(all, card.id, undefined));
    follow(card.id);
  };
  return { moving, problems, move, dismiss };
}
