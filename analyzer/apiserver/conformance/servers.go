package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// disabled are the admission plugins that judge by what else a cluster holds,
// or fill in what comes from there. Without them namespaces, ServiceAccounts
// and classes need not exist.
var disabled = []string{
	"CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ClusterTrustBundleAttest",
	"DefaultIngressClass", "DefaultStorageClass", "DefaultTolerationSeconds", "LimitRanger",
	"MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "NamespaceLifecycle", "PersistentVolumeClaimResize",
	"PodSecurity", "Priority", "ResourceQuota", "RuntimeClass", "ServiceAccount", "StorageObjectInUseProtection",
	"TaintNodesByCondition", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook",
}

// cluster is a running kube-apiserver with its etcd, on the loopback address.
type cluster struct {
	url, token string
	client     *http.Client
	processes  []*exec.Cmd
	dir        string
}

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = 10 * time.Second
)

// start builds both servers, which takes minutes the first time, and runs them
// on free ports with their data in a temporary directory.
func start(ctx context.Context) (c *cluster, err error) {
	etcd, err := buildTool(ctx, "server")
	if err != nil {
		return nil, err
	}
	apiserver, err := buildTool(ctx, "kube-apiserver")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kubeknot-conformance-")
	if err != nil {
		return nil, err
	}
	c = &cluster{dir: dir, token: randomToken()}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	etcdURL, peerURL := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	c.url = "https://127.0.0.1:" + ports[2]
	if err := c.writeFiles(); err != nil {
		return nil, err
	}
	err = c.run(ctx, etcd, "--data-dir="+c.path("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls="+peerURL, "--initial-advertise-peer-urls="+peerURL, "--initial-cluster=default="+peerURL)
	if err != nil {
		return nil, err
	}
	err = c.run(ctx, apiserver, "--etcd-servers="+etcdURL, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--secure-port="+ports[2], "--cert-dir="+c.path("certs"), "--endpoint-reconciler-type=none",
		"--token-auth-file="+c.path("tokens"), "--authorization-mode=RBAC",
		"--service-account-key-file="+c.path("sa.key"), "--service-account-signing-key-file="+c.path("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.96.0.0/16",
		"--allow-privileged", "--disable-admission-plugins="+strings.Join(disabled, ","))
	if err != nil {
		return nil, err
	}
	return c, c.waitReady(ctx)
}

// buildTool builds one of the tools of go.mod, unless it is cached, and returns
// its path.
func buildTool(ctx context.Context, name string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-n", name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// etcdVersion is the version of etcd that is built.
func etcdVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == "go.etcd.io/etcd/api/v3" {
			return m.Version
		}
	}
	return "?"
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

// writeFiles writes the key that signs tokens of ServiceAccounts, and the token
// of the one user, whom the server trusts with everything.
func (c *cluster) writeFiles() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	user := fmt.Sprintf("%s,conformance,conformance,system:masters\n", c.token)
	return errors.Join(os.WriteFile(c.path("sa.key"), pemKey, 0o600), os.WriteFile(c.path("tokens"), []byte(user), 0o600))
}

func randomToken() string { return rand.Text() }

// freePorts returns ports of the loopback address that nothing listens on.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// run starts a server that ends with the context.
func (c *cluster) run(ctx context.Context, program string, args ...string) error {
	log, err := os.Create(c.path(filepath.Base(program) + ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	c.processes = append(c.processes, cmd)
	return nil
}

// waitReady waits until the server trusts its own certificate and is ready. It
// makes that certificate itself.
func (c *cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if c.client == nil {
			c.client = c.trusting()
		}
		if c.client != nil {
			if _, _, err := c.do(ctx, http.MethodGet, "/readyz", "", nil); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("kube-apiserver does not get ready: %w\n%s", ctx.Err(), c.logs())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// trusting returns a client that trusts the server's certificate, nil as long
// as there is none.
func (c *cluster) trusting() *http.Client {
	cert, err := os.ReadFile(filepath.Join(c.path("certs"), "apiserver.crt"))
	if err != nil {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(cert) {
		return nil
	}
	return &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 16},
	}
}

// errStatus is an answer of the server that is no success.
type errStatus struct {
	code int
	body []byte
}

func (e *errStatus) Error() string { return fmt.Sprintf("%d: %s", e.code, e.body) }

// do sends a request. An answer that is no success is an *errStatus.
func (c *cluster) do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, resp.Header, &errStatus{resp.StatusCode, data}
	}
	return data, resp.Header, nil
}

// logs returns the end of what the servers have written.
func (c *cluster) logs() string {
	var b strings.Builder
	names, _ := filepath.Glob(c.path("*.log"))
	for _, name := range names {
		data, _ := os.ReadFile(name)
		fmt.Fprintf(&b, "%s:\n%s\n", filepath.Base(name), data[max(0, len(data)-3000):])
	}
	return b.String()
}

// stop ends the servers and removes what they have written.
func (c *cluster) stop() {
	for _, p := range c.processes {
		_ = p.Process.Signal(os.Interrupt)
	}
	for _, p := range c.processes {
		late := time.AfterFunc(stopTimeout, func() { _ = p.Process.Kill() })
		_ = p.Wait()
		late.Stop()
	}
	_ = os.RemoveAll(c.dir)
}
