import type { Customer, Favorite, Product } from '@clientela/client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Heart, Plus, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, useCan } from '../api/session.ts';
import { productsQuery } from '../products/queries.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { Entry } from './entry.tsx';
import { Items } from './items.tsx';
import { useMay } from './may.ts';
import { favoritesQuery, productsByNumberQuery } from './queries.ts';
import { useWork } from './use-work.ts';

/** The products that a customer likes. */
export function Favorites({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const can = useCan();
  const [isAdding, setAdding] = useState(false);
  const list = useInfiniteQuery(favoritesQuery(customer.id, customer.number));
  const favorites = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const numbers = favorites.map(({ item_id }) => item_id);
  const { data: products } = useQuery(productsByNumberQuery(numbers, can('products:read')));
  const nameOf = (number: number) => products?.get(number)?.name ?? t('customer.unknownProduct', { number });
  const run = useWork(customer.id);
  const add = (number: number) => api.favorites.add({ user_id: customer.number, item_id: number });
  const choose = (product: Product) =>
    run(async () => {
      setAdding(false);
      await add(product.number);
      toast(t('customer.favoriteAdded', { name: product.name }));
    });
  const remove = ({ id, item_id }: Favorite) =>
    run(async () => {
      await api.favorites.remove({ id: [id] });
      const undo = () => void run(() => add(item_id));
      toast(t('customer.favoriteRemoved', { name: nameOf(item_id) }), { label: t('common.undo'), run: undo });
    });
  return (
    <>
      {may('favorites:create') && can('products:read') && (
        <div>
          <Button onPress={() => setAdding(true)}>
            <Plus size={16} strokeWidth={1.75} aria-hidden />
            {t('customer.addFavorite')}
          </Button>
        </div>
      )}
      <Items list={list} isEmpty={favorites.length === 0} empty={t('customer.noFavorites')}>
        {favorites.map((favorite) => {
          const product = products?.get(favorite.item_id);
          const name = nameOf(favorite.item_id);
          return (
            <Entry
              key={favorite.id}
              icon={Heart}
              title={
                product ? (
                  <Link to="/products/$productId" params={{ productId: product.id }}>
                    <bdi>{visible(name)}</bdi>
                  </Link>
                ) : (
                  name
                )
              }
              at={favorite.created_at}
            >
              {may('favorites:delete') && (
                <Button
                  look={['quiet', 'icon', 'small']}
                  aria-label={t('customer.removeFavorite', { name })}
                  onPress={() => void remove(favorite)}
                >
                  <X size={14} strokeWidth={1.5} aria-hidden />
                </Button>
              )}
            </Entry>
          );
        })}
      </Items>
      {isAdding && <ProductDialog onChoose={(product) => void choose(product)} onClose={() => setAdding(false)} />}
    </>
  );
}

type ProductDialogProps = { onChoose: (product: Product) => void; onClose: () => void };

/** Chooses a product by its name or SKU. */
function ProductDialog({ onChoose, onClose }: ProductDialogProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const { data, error, refetch } = useQuery(
    productsQuery({ page: 1, sort: 'name', active_only: true, ...(search !== '' && { search }) }),
  );
  return (
    <Dialog title={t('customer.addFavorite')} isOpen onClose={onClose}>
      <SearchField label={t('products.search')} value={search} onSearch={setSearch} />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {data && data.products.length === 0 && <Empty>{t(search === '' ? 'products.none' : 'products.noneFound')}</Empty>}
      <div className={bar.buttons}>
        {data?.products.slice(0, 20).map((product) => (
          <Button key={product.id} look="small" onPress={() => onChoose(product)}>
            <bdi>{visible(product.name)}</bdi>
          </Button>
        ))}
      </div>
      <div className={bar.buttons}>
        <Button onPress={onClose}>{t('common.cancel')}</Button>
      </div>
    </Dialog>
  );
}
