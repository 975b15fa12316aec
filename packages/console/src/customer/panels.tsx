import type { Customer } from '@clientela/client';
import type { ParseKeys } from 'i18next';
import type { ComponentType } from 'react';
import { Favorites } from './favorites.tsx';
import { History } from './history.tsx';
import { Interactions } from './interactions.tsx';
import { Notes } from './notes.tsx';
import { Privacy } from './privacy.tsx';
import type { TabName } from './tabs.ts';
import { Timeline } from './timeline.tsx';
import { Transactions } from './transactions.tsx';
import { Complaints, Orders } from './views.tsx';

type Panel = {
  id: TabName;
  title: ParseKeys;
  /** Without it the tab is absent. */
  permission: string;
  Content: ComponentType<{ customer: Customer }>;
};

/** The tabs of a customer's page, in their order. */
export const panels: readonly Panel[] = [
  { id: 'timeline', title: 'customer.timeline', permission: 'interactions:read', Content: Timeline },
  { id: 'interactions', title: 'customer.interactions', permission: 'interactions:read', Content: Interactions },
  { id: 'transactions', title: 'customer.transactions', permission: 'transactions:read', Content: Transactions },
  { id: 'orders', title: 'customer.orders', permission: 'customers:read', Content: Orders },
  { id: 'complaints', title: 'customer.complaints', permission: 'customers:read', Content: Complaints },
  { id: 'notes', title: 'customer.notes', permission: 'customers:read', Content: Notes },
  { id: 'favorites', title: 'customer.favorites', permission: 'favorites:read', Content: Favorites },
  { id: 'history', title: 'customer.history', permission: 'customers:read', Content: History },
  { id: 'privacy', title: 'customer.privacy', permission: 'gdpr:manage', Content: Privacy },
];
