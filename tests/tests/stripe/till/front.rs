//! Where Stripe reaches the marketplace: an address that stays, also while there is nobody behind it.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The address, before there is anybody.
pub struct Place(TcpListener, SocketAddr);

/// Somebody who answers at the address, until they are stopped.
pub struct Front {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Place {
    pub async fn find() -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Place(listener, address)
    }

    pub async fn again(address: SocketAddr) -> Place {
        Place(TcpListener::bind(address).await.unwrap(), address)
    }

    pub fn url(&self, path: &str) -> String {
        url(self.1, path)
    }

    pub fn serve(self, services: Router) -> Front {
        let Place(listener, address) = self;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = axum::serve(listener, services).with_graceful_shutdown(async {
            drop(stopped.await);
        });
        let served = tokio::spawn(async move { served.await.unwrap() });
        Front {
            address,
            stop,
            served,
        }
    }
}

impl Front {
    pub fn url(&self, path: &str) -> String {
        url(self.address, path)
    }

    /// Ends, once nothing of the services is in use here any more.
    pub async fn stop(self) -> SocketAddr {
        drop(self.stop);
        self.served.await.unwrap();
        self.address
    }
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}{path}")
}
