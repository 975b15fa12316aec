import type { LinkProps } from '@tanstack/react-router';
import { CalendarDays, Package, type LucideIcon } from 'lucide-react';
import type { ParseKeys } from 'i18next';

export type NavigationItem = {
  to: LinkProps['to'];
  label: ParseKeys;
  icon: LucideIcon;
  /** `g` and this letter lead there. */
  key: string;
  /** Without it everybody on the staff sees the item. */
  permission?: string;
  /** Whether the page needs a company, which a superuser has to choose. */
  needsCompany: boolean;
};

/** The side bar, in its order. A person sees what they may read. */
export const navigation: readonly NavigationItem[] = [
  { to: '/', label: 'frame.today', icon: CalendarDays, key: 'd', needsCompany: true },
  {
    to: '/products',
    label: 'products.title',
    icon: Package,
    key: 'p',
    permission: 'products:read',
    needsCompany: true,
  },
];
